# What an installation consists of: programs, resources, models.
if(TARGET sapsam)
  install(TARGETS sapsam RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(TARGET sapsam-workbench)
  install(TARGETS sapsam-workbench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY resources/experiments resources/search resources/taxonomies resources/templates DESTINATION ${CMAKE_INSTALL_DATADIR}/sapsam)
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/sapsam/models
  PATTERN "*.sh" EXCLUDE)
install(FILES LICENSE README.md RESPONSIBLE_USE.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/org.sapsam.Workbench.desktop DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
install(FILES packaging/org.sapsam.Workbench.metainfo.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo)
install(FILES packaging/org.sapsam.Workbench.mime.xml
  DESTINATION ${CMAKE_INSTALL_DATADIR}/mime/packages RENAME org.sapsam.Workbench.xml)
install(FILES resources/icons/org.sapsam.Workbench.svg
  DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
install(FILES resources/icons/org.sapsam.Workbench-symbolic.svg
  DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/symbolic/apps)

# Icons in the sizes that panels and menus ask for, manual pages and completion: made by the build.
set(icon_sizes 16 24 32 48 64 128 256 512)
set(shared ${PROJECT_BINARY_DIR}/share)
set(manuals "")
if(TARGET sapsam-workbench)
  add_executable(render_icons packaging/tools/render_icons.cpp)
  target_link_libraries(render_icons PRIVATE sapsam_options Qt6::Gui Qt6::Svg)
  set_target_properties(render_icons PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tools)
  set(icons "")
  foreach(size IN LISTS icon_sizes)
    list(APPEND icons ${shared}/hicolor/${size}x${size}/apps/org.sapsam.Workbench.png)
  endforeach()
  add_custom_command(OUTPUT ${icons}
    COMMAND render_icons ${PROJECT_SOURCE_DIR}/resources/icons/org.sapsam.Workbench.svg
      ${shared}/hicolor ${icon_sizes}
    DEPENDS render_icons ${PROJECT_SOURCE_DIR}/resources/icons/org.sapsam.Workbench.svg VERBATIM)
  list(APPEND manuals ${icons})
  install(DIRECTORY ${shared}/hicolor DESTINATION ${CMAKE_INSTALL_DATADIR}/icons)

  add_custom_command(
    OUTPUT ${shared}/man/sapsam-workbench.1.gz ${shared}/completions/sapsam-workbench
    COMMAND ${CMAKE_COMMAND} -E make_directory ${shared}/man ${shared}/completions
    COMMAND $<TARGET_FILE:sapsam-workbench> --manual man | gzip -9n > ${shared}/man/sapsam-workbench.1.gz
    COMMAND $<TARGET_FILE:sapsam-workbench> --manual bash > ${shared}/completions/sapsam-workbench
    DEPENDS sapsam-workbench sapsam-workbench-program)
  list(APPEND manuals ${shared}/man/sapsam-workbench.1.gz ${shared}/completions/sapsam-workbench)
endif()
if(TARGET sapsam AND NOT SAPSAM_TRAINER_ONLY)
  add_custom_command(OUTPUT ${shared}/man/sapsam.1.gz ${shared}/completions/sapsam
    COMMAND ${CMAKE_COMMAND} -E make_directory ${shared}/man ${shared}/completions
    COMMAND $<TARGET_FILE:sapsam> man | gzip -9n > ${shared}/man/sapsam.1.gz
    COMMAND $<TARGET_FILE:sapsam> man --completion bash > ${shared}/completions/sapsam
    DEPENDS sapsam sapsam-program)
  list(APPEND manuals ${shared}/man/sapsam.1.gz ${shared}/completions/sapsam)
  add_custom_target(sapsam_manuals ALL DEPENDS ${manuals})
  install(DIRECTORY ${shared}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.gz")
  install(DIRECTORY ${shared}/completions/
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
include(SapsamPackage)
