# The window's other languages: resources/i18n/sapsam_LANGUAGE.ts, compiled into the program.
# `ninja update_translations` collects the texts of ui/ and app/ into those files.
find_program(SAPSAM_LRELEASE NAMES lrelease lrelease-qt6 HINTS /usr/lib/qt6/bin)
find_program(SAPSAM_LUPDATE NAMES lupdate lupdate-qt6 HINTS /usr/lib/qt6/bin)
set(sapsam_languages de)
set(sapsam_catalogues ${sapsam_languages})
list(TRANSFORM sapsam_catalogues REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/resources/i18n/sapsam_\\1.ts")

if(SAPSAM_LUPDATE)
  add_custom_target(update_translations
    COMMAND ${SAPSAM_LUPDATE} -silent -no-obsolete -locations none -I ${PROJECT_SOURCE_DIR}
      ${PROJECT_SOURCE_DIR}/ui -extensions cpp,h -ts ${sapsam_catalogues}
    VERBATIM)
endif()

if(SAPSAM_LRELEASE)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/i18n)
  file(MAKE_DIRECTORY ${folder})
  set(compiled "")
  set(listing "<RCC>\n  <qresource prefix=\"/i18n\">\n")
  foreach(language IN LISTS sapsam_languages)
    set(output ${folder}/sapsam_${language}.qm)
    add_custom_command(OUTPUT ${output}
      COMMAND ${SAPSAM_LRELEASE} -silent -nounfinished
        ${PROJECT_SOURCE_DIR}/resources/i18n/sapsam_${language}.ts -qm ${output}
      DEPENDS ${PROJECT_SOURCE_DIR}/resources/i18n/sapsam_${language}.ts VERBATIM)
    list(APPEND compiled ${output})
    string(APPEND listing "    <file>sapsam_${language}.qm</file>\n")
  endforeach()
  file(CONFIGURE OUTPUT ${folder}/sapsam_i18n.qrc CONTENT "${listing}  </qresource>\n</RCC>\n" @ONLY)
  add_custom_command(OUTPUT ${folder}/sapsam_i18n.cpp
    COMMAND Qt6::rcc --name sapsam_i18n -o ${folder}/sapsam_i18n.cpp ${folder}/sapsam_i18n.qrc
    DEPENDS ${compiled} ${folder}/sapsam_i18n.qrc VERBATIM)
  target_sources(sapsam_ui PRIVATE ${folder}/sapsam_i18n.cpp)
  set_source_files_properties(${folder}/sapsam_i18n.cpp PROPERTIES SKIP_AUTOGEN ON)
  target_compile_definitions(sapsam_ui PRIVATE SAPSAM_TRANSLATED)
else()
  message(STATUS "lrelease was not found (package qt6-l10n-tools): the window speaks English only")
endif()
