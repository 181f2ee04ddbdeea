# What an installation consists of: programs, resources, models.
if(TARGET sapsam)
  install(TARGETS sapsam RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET sapsam-workbench)
  install(TARGETS sapsam-workbench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY resources/experiments resources/taxonomies resources/templates DESTINATION ${CMAKE_INSTALL_DATADIR}/sapsam)
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/sapsam/models
  PATTERN "*.sh" EXCLUDE)
install(FILES LICENSE README.md RESPONSIBLE_USE.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/org.sapsam.Workbench.desktop DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
install(FILES packaging/org.sapsam.Workbench.metainfo.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo)
install(FILES packaging/org.sapsam.Workbench.mime.xml
  DESTINATION ${CMAKE_INSTALL_DATADIR}/mime/packages RENAME org.sapsam.Workbench.xml)
install(FILES resources/icons/org.sapsam.Workbench.svg
  DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
