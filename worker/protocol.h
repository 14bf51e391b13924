// SPDX-License-Identifier: GPL-3.0-or-later
/// What the program and a worker process say to each other: one request, one answer, each a packet (channel.h).
/// Guarantee: any bytes give a message or nothing, and take no more memory than they are long. Every number is in the
/// range its comment names; the rest is for answers.h to check.
/// A page or a list of symbols comes as a descriptor of shared memory (memfd_create(2)), described by the answer.
/// Faults: none. Thread-safety: free functions, safe from many threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/fault.h"
#include "core/limits.h"
#include "core/page.h"
#include "stages/barcode/read_symbols.h"
#include "stages/decode/decode.h"
#include "worker/confine.h"

namespace chartlift::worker {

using FileHandle = std::uint32_t;  ///< chosen by the program, never used twice in one worker

/// The first request: what the worker may take, and what decoding needs to know. Passwords go this way only.
struct Hello {
    Confinement confinement;
    DecodeSettings decode;
};

/// What one call may cost.
struct Allowance {
    Limits limits;
    std::int64_t left_ms = 0;
};

struct OpenRequest {  // with a descriptor of the file
    FileHandle file = 0;
    Allowance allowance;
};

struct PageRequest {
    FileHandle file = 0;
    std::int32_t index = 0;
    Allowance allowance;
};

struct SymbolsRequest {  // with a descriptor of width_px * height_px bytes of grey
    std::int32_t width_px = 0;
    std::int32_t height_px = 0;
    SymbolKinds kinds;
    std::int64_t left_ms = 0;
};

struct CloseRequest {  // has no answer
    FileHandle file = 0;
};

struct Request {
    std::uint32_t number = 0;  ///< the answer repeats it
    std::variant<Hello, OpenRequest, PageRequest, SymbolsRequest, CloseRequest> body;
};

struct Opened {
    FileFormat format = FileFormat::unknown;
    std::int32_t pages = 0;
};

struct PageAnswer {  // with a descriptor: rows without padding, then the words
    PixelFormat format = PixelFormat::gray8;
    std::int32_t width_px = 0;
    std::int32_t height_px = 0;
    std::optional<float> dpi;
    std::uint64_t words_bytes = 0;
};

struct SymbolsAnswer {  // with a descriptor of the symbols
    std::uint64_t symbols_bytes = 0;
};

struct Answer {
    std::uint32_t number = 0;
    std::variant<Protections, Opened, PageAnswer, SymbolsAnswer, Fault> body;
};

std::vector<std::byte> encoded(const Request& request);
std::optional<Request> request_from(std::span<const std::byte> bytes);

std::vector<std::byte> encoded(const Answer& answer);
std::optional<Answer> answer_from(std::span<const std::byte> bytes);

std::vector<std::byte> encoded_words(std::span<const Word> words);
std::optional<std::vector<Word>> words_from(std::span<const std::byte> bytes);

std::vector<std::byte> encoded_symbols(std::span<const Barcode> symbols);
std::optional<std::vector<Barcode>> symbols_from(std::span<const std::byte> bytes);

}  // namespace chartlift::worker
