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
target_link_libraries(sapsam_torch INTERFACE ${TORCH_LIBRARIES})

# sapsam_add_module(name [TORCH] HEADERS … SOURCES … PUBLIC … PRIVATE …)
# A static library for one folder of core or ui. Headers are included from the repository's root.
# TORCH: the folder may include torch; it reuses the one precompiled torch header.
function(sapsam_add_module name)
  cmake_parse_arguments(ARG "TORCH" "" "HEADERS;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC)
  add_library(Sapsam::${name} ALIAS ${name})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_sources(${name} PRIVATE ${ARG_SOURCES}
    PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE sapsam_options ${ARG_PRIVATE})
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  if(ARG_TORCH)
    target_link_libraries(${name} PRIVATE sapsam_torch)
    if(SAPSAM_USE_PCH)
      sapsam_torch_precompiled_header()
      target_precompile_headers(${name} REUSE_FROM sapsam_torch_pch)
    endif()
  endif()
endfunction()

# For code that only calls what is fast elsewhere: a quarter less time to compile.
function(sapsam_compile_quickly name)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

function(sapsam_torch_precompiled_header)
  if(NOT TARGET sapsam_torch_pch)
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/sapsam_torch_pch.cpp
      CONTENT "// anchor of the shared libtorch precompiled header\n")
    add_library(sapsam_torch_pch OBJECT ${CMAKE_BINARY_DIR}/sapsam_torch_pch.cpp)
    target_compile_features(sapsam_torch_pch PUBLIC cxx_std_20)
    target_link_libraries(sapsam_torch_pch PRIVATE sapsam_options sapsam_torch)
    target_precompile_headers(sapsam_torch_pch PRIVATE <torch/torch.h>)
  endif()
endfunction()

# sapsam_add_qt_test(name [TORCH] [SLOW] SOURCES … LINK …)
# One test program, run without a screen. Slow ones carry the label "slow".
function(sapsam_add_qt_test name)
  cmake_parse_arguments(ARG "TORCH;SLOW" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sapsam_options Qt6::Test ${ARG_LINK})
  set_target_properties(${name} PROPERTIES AUTOMOC ON)
  target_compile_definitions(${name} PRIVATE SAPSAM_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(ARG_TORCH)
    target_link_libraries(${name} PRIVATE sapsam_torch)
    if(SAPSAM_USE_PCH)
      sapsam_torch_precompiled_header()
      target_precompile_headers(${name} REUSE_FROM sapsam_torch_pch)
    endif()
  else()
    sapsam_compile_quickly(${name})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "QT_QPA_PLATFORM=offscreen;SAPSAM_SOURCE_DIR=${PROJECT_SOURCE_DIR};LC_ALL=C.UTF-8"
    LABELS "$<IF:$<BOOL:${ARG_SLOW}>,slow,unit>")
endfunction()
