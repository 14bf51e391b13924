find_package(GTest REQUIRED)
include(GoogleTest)

# chartlift_test(NAME source... LIBS library...): one GoogleTest executable; each test knows where its data lies.
function(chartlift_test name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} chartlift_flags GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE CHARTLIFT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE -O0)  # halves the time that GoogleTest's headers take; what is tested stays optimised
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300 LABELS ${name})
endfunction()
