// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a patient index's file, CSV or FHIR, told by content. What must hold: a fault, or a report whose counts agree
// and patients with distinct numbers, names, texts in UTF-8 and possible birth dates.
#include "core/utf8.h"
#include "store/pmi_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <set>
#include <string>

#include "core/names.h"
#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;

/// The input as a file in memory: read_pmi opens it by name, more than once.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("pmi", MFD_CLOEXEC))
    {
        require(
            descriptor_ >= 0 && write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
            "a file in memory can be written");
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { close(descriptor_); }
    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const MemoryFile file(fuzz::view_of(bytes, size));
    std::set<std::string> numbers;
    std::int64_t patients = 0;
    const auto report = store::read_pmi(file.path(), [&](Patient&& patient) -> Result<void> {
        ++patients;
        require(numbers.insert(patient.mrn.reveal()).second && !mrn_key(patient.mrn.reveal()).empty(),
                "numbers are distinct");
        require(!patient.last_name.reveal().empty() || !patient.first_name.reveal().empty(), "a patient has a name");
        for (const auto* text :
             {&patient.mrn, &patient.last_name, &patient.first_name, &patient.middle_name, &patient.suffix,
              &patient.sex, &patient.address, &patient.city, &patient.state, &patient.zip, &patient.phone})
            require(is_utf8(text->reveal()), "texts are UTF-8");
        const auto birth = patient.birth_date.reveal();
        require(!birth || (birth->ok() && static_cast<int>(birth->year()) >= 1850), "a birth date is possible");
        return {};
    });
    if (!report) return 0;
    require(report->rows == report->good + report->bad && report->good == patients, "every row is counted");
    require(static_cast<std::int64_t>(report->first_bad.size()) <= report->bad, "bad rows are listed once");
    return 0;
}
