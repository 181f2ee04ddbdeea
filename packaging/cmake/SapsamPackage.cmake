# `cpack` in the build folder makes sapsam_VERSION_ARCHITECTURE.deb. Which libraries it needs is read from the
# programs (dpkg-shlibdeps); what is only loaded at run time is listed here.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sapsam)
set(CPACK_PACKAGE_CONTACT "SAP-SAM Workbench <maintainers@sapsam.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "find people in a gallery by a description, and see why")
set(CPACK_PACKAGE_DESCRIPTION "SAP-SAM Workbench ranks a gallery of pedestrians by a sentence, shows the part masks
found on each person and the phrase written for each part, and lets both be
mended. It trains and evaluates the models behind it. It works offline and
without a graphics card; small models are included.")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_FILE_NAME "sapsam_${PROJECT_VERSION}_${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libqt6svg6, qt6-qpa-plugins, libopenblas0-pthread | libblas3")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "fonts-dejavu-core, qt6-translations-l10n, shared-mime-info")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "opencv-data")
# Models are data that do not shrink; this keeps making the package short.
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
include(CPack)
