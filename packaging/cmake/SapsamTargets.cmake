# One recipe per kind of target, so that no folder sets flags by hand.
add_library(sapsam_options INTERFACE)
target_compile_features(sapsam_options INTERFACE cxx_std_20)
target_compile_options(sapsam_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor
  # GCC 12 reports these false alarms inside inlined code of libtorch and nlohmann-json.
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow>
  $<$<BOOL:${SAPSAM_WERROR}>:-Werror>)
target_compile_definitions(sapsam_options INTERFACE
  QT_NO_KEYWORDS QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII
  $<$<CONFIG:Debug>:JSON_DIAGNOSTICS=1>)

# libtorch, with its headers treated as system headers.
add_library(sapsam_torch INTERFACE)
target_include_directories(sapsam_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(sapsam_torch INTERFACE ${TORCH_LIBRARIES} OpenMP::OpenMP_CXX)

# One precompiled header a kind, shared by every target of that kind: parsing the headers of libraries
# is most of what compiling costs here.
#   torch    libtorch
#   core     the standard library and nlohmann-json
#   program  the same and CLI11, compiled quickly
#   widgets  the same and Qt's widgets
#   test     the same and Qt's core, compiled quickly
set(sapsam_standard_headers <algorithm> <cmath> <cstdint> <functional> <map> <memory> <optional>
  <string> <vector> <nlohmann/json.hpp>)
set(sapsam_torch_headers <torch/torch.h>)
set(sapsam_core_headers ${sapsam_standard_headers})
set(sapsam_program_headers ${sapsam_standard_headers} <CLI/CLI.hpp>)
set(sapsam_widgets_headers ${sapsam_standard_headers} <QtWidgets>)
set(sapsam_test_headers ${sapsam_standard_headers} <QtCore>)

function(sapsam_use_precompiled_header name kind)
  if(NOT SAPSAM_USE_PCH)
    return()
  endif()
  set(pch sapsam_${kind}_pch)
  if(NOT TARGET ${pch})
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${pch}.cpp
      CONTENT "// anchor of the shared precompiled header\n")
    add_library(${pch} OBJECT ${CMAKE_BINARY_DIR}/${pch}.cpp)
    target_compile_features(${pch} PUBLIC cxx_std_20)
    target_link_libraries(${pch} PRIVATE sapsam_options nlohmann_json::nlohmann_json
      $<$<STREQUAL:${kind},torch>:sapsam_torch> $<$<STREQUAL:${kind},program>:CLI11::CLI11>
      $<$<STREQUAL:${kind},widgets>:Qt6::Widgets> $<$<STREQUAL:${kind},test>:Qt6::Core>)
    if(kind MATCHES "program|test")
      sapsam_compile_quickly(${pch})
    endif()
    target_precompile_headers(${pch} PRIVATE ${sapsam_${kind}_headers})
  endif()
  target_precompile_headers(${name} REUSE_FROM ${pch})
  if(NOT kind STREQUAL torch)
    # GCC 12: false alarms inside std::string, when its headers come precompiled.
    target_compile_options(${name} PRIVATE
      $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread;-Wno-restrict>)
  endif()
endfunction()

# sapsam_add_module(name [TORCH|WIDGETS] HEADERS … SOURCES … [PLAIN …] PUBLIC … PRIVATE …)
# A static library for one folder of core or ui. Headers are included from the repository's root.
# TORCH: the folder may include torch; PLAIN lists its sources that do not, which compile in half the
# time without its headers. WIDGETS: it is part of the window.
function(sapsam_add_module name)
  cmake_parse_arguments(ARG "TORCH;WIDGETS" "" "HEADERS;SOURCES;PLAIN;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC)
  add_library(Sapsam::${name} ALIAS ${name})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_sources(${name} PRIVATE ${ARG_SOURCES}
    PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE sapsam_options ${ARG_PRIVATE})
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  if(ARG_TORCH)
    target_link_libraries(${name} PRIVATE sapsam_torch)
    sapsam_use_precompiled_header(${name} torch)
    if(ARG_PLAIN)
      add_library(${name}_plain OBJECT ${ARG_PLAIN})
      target_compile_features(${name}_plain PRIVATE cxx_std_20)
      target_link_libraries(${name}_plain PRIVATE sapsam_options ${ARG_PUBLIC} ${ARG_PRIVATE})
      sapsam_use_precompiled_header(${name}_plain core)
      target_sources(${name} PRIVATE $<TARGET_OBJECTS:${name}_plain>)
    endif()
  elseif(ARG_WIDGETS)
    sapsam_use_precompiled_header(${name} widgets)
  else()
    sapsam_use_precompiled_header(${name} core)
  endif()
endfunction()

# For code that only calls what is fast elsewhere: a quarter less time to compile.
function(sapsam_compile_quickly name)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# What moc makes of a test's own source, which ends with #include "tst_….moc". AUTOMOC would parse
# every test in a step of its own and compile an empty file for each.
function(sapsam_moc_sources name)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}_moc)
  foreach(source IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH source)
    cmake_path(GET source STEM stem)
    file(STRINGS ${source} includes REGEX "^#include \"${stem}\\.moc\"")
    if(includes)
      set(output ${folder}/${stem}.moc)
      add_custom_command(OUTPUT ${output} DEPENDS ${source} VERBATIM
        COMMAND Qt6::moc ${source} -o ${output} -I ${PROJECT_SOURCE_DIR})
      target_sources(${name} PRIVATE ${output})
    endif()
  endforeach()
  target_include_directories(${name} PRIVATE ${folder})
endfunction()

# sapsam_add_qt_test(name [TORCH] [SLOW] SOURCES … LINK …)
# One test program, run without a screen. Slow ones carry the label "slow".
function(sapsam_add_qt_test name)
  cmake_parse_arguments(ARG "TORCH;SLOW" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sapsam_options Qt6::Test ${ARG_LINK})
  sapsam_moc_sources(${name} ${ARG_SOURCES})
  target_compile_definitions(${name} PRIVATE SAPSAM_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(ARG_TORCH)
    target_link_libraries(${name} PRIVATE sapsam_torch)
    sapsam_use_precompiled_header(${name} torch)
  else()
    sapsam_compile_quickly(${name})
    sapsam_use_precompiled_header(${name} test)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  # Tests run side by side, and without the launcher nobody tells idle threads to sleep.
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "QT_QPA_PLATFORM=offscreen;SAPSAM_SOURCE_DIR=${PROJECT_SOURCE_DIR};LC_ALL=C.UTF-8;OMP_WAIT_POLICY=PASSIVE;OPENBLAS_THREAD_TIMEOUT=14"
    LABELS "$<IF:$<BOOL:${ARG_SLOW}>,slow,unit>")
endfunction()
