# Third-party libraries, all from Debian 12. Each is one dep:: target; system headers, so that our warnings stay ours.
find_package(PkgConfig REQUIRED)
function(chartlift_pkg name module)
  pkg_check_modules(PC_${name} REQUIRED IMPORTED_TARGET ${module})
  add_library(dep_${name} INTERFACE)
  target_link_libraries(dep_${name} INTERFACE PkgConfig::PC_${name})
  get_target_property(dirs PkgConfig::PC_${name} INTERFACE_INCLUDE_DIRECTORIES)
  if(dirs)
    target_include_directories(dep_${name} SYSTEM INTERFACE ${dirs})
  endif()
  add_library(dep::${name} ALIAS dep_${name})
endfunction()

chartlift_pkg(leptonica lept)             # bilevel morphology, deskew: the reference library for document images
chartlift_pkg(openjp2 libopenjp2)         # JPEG 2000, the reference implementation
chartlift_pkg(exif libexif)               # EXIF orientation of JPEGs
chartlift_pkg(qpdf libqpdf)               # PDF structure, reading and writing without rendering
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(dep_qpdf INTERFACE -include ${CMAKE_CURRENT_LIST_DIR}/qpdf_for_clang.h)
endif()
target_compile_definitions(dep_qpdf INTERFACE POINTERHOLDER_TRANSITION=4)  # qpdf's headers ask every user to say which pointers it means
chartlift_pkg(poppler poppler-cpp)        # PDF rendering and text; its GPL decides the project's licence
chartlift_pkg(lcms2 lcms2)                # the sRGB profile that PDF/A asks for, and CMYK to RGB
chartlift_pkg(sqlite sqlite3)             # the embedded catalog, with full-text search
chartlift_pkg(crypto libcrypto)           # SHA-256
chartlift_pkg(tiff libtiff-4)             # TIFF in and G4 out
chartlift_pkg(seccomp libseccomp)         # system-call filters, as systemd and Chromium's peers build theirs
chartlift_pkg(httplib cpp-httplib)        # a small, well-kept HTTP server and client
chartlift_pkg(prometheus prometheus-cpp-core)  # metrics in Prometheus' text format
chartlift_pkg(png libpng)
chartlift_pkg(jpeg libjpeg)               # libjpeg-turbo

find_package(TBB REQUIRED)
add_library(dep::tbb ALIAS TBB::tbb)
find_package(fmt REQUIRED)
add_library(dep::fmt ALIAS fmt::fmt)
find_package(tomlplusplus REQUIRED)
add_library(dep_toml INTERFACE)
target_link_libraries(dep_toml INTERFACE tomlplusplus::tomlplusplus)
add_library(dep::toml ALIAS dep_toml)

function(chartlift_lib name header library)
  cmake_parse_arguments(ARG "" "" "SUFFIXES" ${ARGN})
  find_path(${name}_INCLUDE_DIR ${header} PATH_SUFFIXES ${ARG_SUFFIXES} REQUIRED)
  find_library(${name}_LIBRARY ${library} REQUIRED)
  add_library(dep_${name} INTERFACE)
  if(NOT ${name}_INCLUDE_DIR STREQUAL "/usr/include")
    target_include_directories(dep_${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIR})
  endif()
  target_link_libraries(dep_${name} INTERFACE ${${name}_LIBRARY})
  add_library(dep::${name} ALIAS dep_${name})
endfunction()

chartlift_lib(tesseract tesseract/baseapi.h tesseract)   # text recognition; found directly, its .pc asks for curl and archive headers
chartlift_lib(zxing ZXing/ReadBarcode.h ZXing)           # barcodes, the C++ port that the field uses
chartlift_lib(linear linear.h linear)                    # liblinear: linear classifiers
chartlift_lib(opencv_core opencv2/core.hpp opencv_core SUFFIXES opencv4)
chartlift_lib(opencv_imgproc opencv2/imgproc.hpp opencv_imgproc SUFFIXES opencv4)
add_library(dep_opencv INTERFACE)
target_link_libraries(dep_opencv INTERFACE dep_opencv_imgproc dep_opencv_core)
add_library(dep::opencv ALIAS dep_opencv)

# Header-only: nlohmann/json (JSON lines in and out) and CLI11 (arguments); Debian installs both under /usr/include.
find_path(NLOHMANN_INCLUDE_DIR nlohmann/json.hpp REQUIRED)
add_library(dep_json INTERFACE)
add_library(dep::json ALIAS dep_json)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
add_library(dep_cli11 INTERFACE)
add_library(dep::cli11 ALIAS dep_cli11)
