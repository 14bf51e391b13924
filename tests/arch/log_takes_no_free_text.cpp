// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled by tests/unit/service_server/CMakeLists.txt, once plainly and once with each line that must not compile.
#include <string>

#include "core/phi.h"
#include "service/log.h"
#include "service/metrics.h"

namespace service = chartlift::service;

int main()
{
    service::Log log;
    service::Metrics metrics("0");
    const chartlift::Phi<std::string> name(std::string("Doe"));
    const std::string text = name.reveal();
#ifdef logs_phi
    log.write(service::LogLevel::info, "page.done", {{"name", name}});
#elif defined(logs_string)
    log.write(service::LogLevel::info, "page.done", {{"name", text}});
#elif defined(logs_runtime_pointer)
    log.write(service::LogLevel::info, "page.done", {{"name", text.c_str()}});
#elif defined(logs_runtime_view)
    log.write(service::LogLevel::info, "page.done", {{"name", std::string_view(text)}});
#elif defined(event_is_free_text)
    log.write(service::LogLevel::info, text.c_str(), {});
#elif defined(event_has_spaces)
    log.write(service::LogLevel::info, "Page is done", {});
#elif defined(key_is_free_text)
    log.write(service::LogLevel::info, "page.done", {{text.c_str(), 1}});
#elif defined(labels_free_text)
    metrics.refusal(text.c_str());
#else
    log.write(service::LogLevel::info, "page.done",
              {{"pages", 3},
               {"big", std::uint64_t{1}},
               {"s", 0.5F},
               {"ok", true},
               {"how", "copied"},
               {"zero", 0},
               {"as", service::LogLevel::info},
               service::LogField::id("id", text),
               chartlift::Fault{}});
    metrics.refusal("symlink");
#endif
}
