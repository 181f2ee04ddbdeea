# Every package is looked for once, here.
if(SAPSAM_BUILD_UI AND NOT SAPSAM_TRAINER_ONLY)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Widgets Concurrent Svg Charts DBus PrintSupport)
endif()
if(SAPSAM_BUILD_TESTS AND NOT SAPSAM_TRAINER_ONLY)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Test)
endif()

# A libtorch given through CMAKE_PREFIX_PATH=…/share/cmake looks for its library by name only, and
# would link Debian's where both are installed: its own folder goes in front.
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  if(EXISTS ${prefix}/Torch/TorchConfig.cmake)
    cmake_path(GET prefix PARENT_PATH share)
    cmake_path(GET share PARENT_PATH libtorch)
    list(PREPEND CMAKE_PREFIX_PATH ${libtorch})
  endif()
endforeach()

# CUDA's languages are only for libtorch's own configuration; Debian's libtorch has none.
find_package(Torch REQUIRED)
# at::parallel_for is a template of libtorch's headers: compiled without OpenMP it uses one thread,
# and says nothing. FAISS is built with it, too.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)

if(SAPSAM_TRAINER_ONLY)
  find_package(OpenCV 4.5 REQUIRED COMPONENTS core imgproc)
else()
  find_package(OpenCV 4.5 REQUIRED COMPONENTS core imgproc imgcodecs videoio objdetect)
  find_package(SQLite3 3.37 REQUIRED)
  find_package(ICU 70 REQUIRED COMPONENTS uc i18n)
  find_package(ZLIB REQUIRED)
  find_package(PNG REQUIRED)
endif()
