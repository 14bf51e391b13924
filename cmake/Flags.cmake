# Every compile flag of the project stands on this one interface target.
add_library(chartlift_flags INTERFACE)
target_include_directories(chartlift_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(chartlift_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wnull-dereference -Wdouble-promotion -Werror)
# GCC 12 reports null dereferences and overflows inside the standard library's own inlined code, not in ours.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(chartlift_flags INTERFACE -Wno-null-dereference -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized)
endif()
find_package(Threads REQUIRED)
target_link_libraries(chartlift_flags INTERFACE Threads::Threads)
if(CHARTLIFT_SANITIZE)
  target_compile_options(chartlift_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(chartlift_flags INTERFACE -fsanitize=address,undefined)
endif()
if(CHARTLIFT_TSAN)
  target_compile_options(chartlift_flags INTERFACE -fsanitize=thread)
  target_link_options(chartlift_flags INTERFACE -fsanitize=thread)
endif()
if(CHARTLIFT_COVERAGE)
  target_compile_options(chartlift_flags INTERFACE --coverage)
  target_link_options(chartlift_flags INTERFACE --coverage)
endif()
if(CHARTLIFT_FUZZ)
  # Assertions of the standard library stay on: an index past a view's end is a finding even where the byte can be read.
  target_compile_options(chartlift_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS)
  target_link_options(chartlift_flags INTERFACE -fsanitize=address,undefined)
endif()
