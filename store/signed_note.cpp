// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/signed_note.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include "store/archive.h"

namespace chartlift::store {
namespace {

constexpr const char* kWhere = "audit";
constexpr std::string_view kNamePrefix = "chartlift-audit-";
constexpr std::size_t kNameDigits = 16;  // 64 bits of the key's hash: two keys of one site never share a name
constexpr std::string_view kSignatureMark = "\xe2\x80\x94 ";  // em dash and a space, as signed-note has it
constexpr char kEd25519Mark = '\x01';                         // signed-note's number for Ed25519
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kPublicKeyBytes = 32;
constexpr std::uintmax_t kLongestKeyFile_bytes = 64U * 1024U;
constexpr std::uintmax_t kLongestCheckpoints_bytes =
    256U * 1024U * 1024U;  // a checkpoint for each of a million entries

using Key = std::shared_ptr<EVP_PKEY>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Key owned(EVP_PKEY* key)
{
    return {key, EVP_PKEY_free};
}

Fault library_fault(std::string_view doing)
{
    return {FaultKind::library, kWhere, fmt::format("openssl cannot {}", doing)};
}

Result<std::string> read_text(const std::filesystem::path& file, std::uintmax_t longest_bytes)
{
    std::ifstream stream(file, std::ios::binary | std::ios::ate);
    const auto size = stream ? stream.tellg() : std::ifstream::pos_type(-1);
    if (size < 0) return Fault{FaultKind::io, kWhere, "cannot read a file", file.string()};
    if (static_cast<std::uintmax_t>(size) > longest_bytes)
        return Fault{FaultKind::limit, kWhere,
                     fmt::format("file is {} bytes; the most is {}", static_cast<std::uintmax_t>(size), longest_bytes),
                     file.string()};
    std::string text(static_cast<std::size_t>(size), '\0');
    stream.seekg(0);
    if (!stream.read(text.data(), size)) return Fault{FaultKind::io, kWhere, "cannot read a file", file.string()};
    return text;
}

/// Reads a key with one of OpenSSL's PEM readers; never asks for a password at a terminal.
template <class Read>
Result<Key> key_from(std::string_view pem, Read read)
{
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    std::string no_password;
    Key key = owned(bio ? read(bio.get(), nullptr, nullptr, no_password.data()) : nullptr);
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519)
        return Fault{FaultKind::config, kWhere, "the key file holds no Ed25519 key in PEM form"};
    return key;
}

template <class Write>
Result<std::string> pem_by(Write write)
{
    const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
    if (!bio || write(bio.get()) != 1) return library_fault("write a key");
    char* at = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &at);
    return std::string(at, static_cast<std::size_t>(size));
}

std::string bytes_from_hex(std::string_view hex)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
        bytes += static_cast<char>(value);
    }
    return bytes;
}

const unsigned char* unsigned_bytes(std::string_view bytes)
{
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string base64(std::string_view bytes)
{
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), unsigned_bytes(bytes),
                                     static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

/// Only the one encoding that base64() gives: of the same bytes there is one text.
std::optional<std::string> from_base64(std::string_view text)
{
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), unsigned_bytes(text),
                                     static_cast<int>(text.size()));
    if (size < 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(size));
    for (int i = 0; i < 2 && text.ends_with('='); ++i) {
        text.remove_suffix(1);
        bytes.pop_back();
    }
    const std::string again = base64(bytes);
    if (again.substr(0, again.find('=')) != text) return std::nullopt;
    return bytes;
}

/// Cuts the first line off; nothing where no line end is left.
std::optional<std::string_view> take_line(std::string_view& text)
{
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

/// Without leading zeros, so that a number has one text.
std::optional<std::uint64_t> decimal(std::string_view text)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || std::to_string(value) != text) return std::nullopt;
    return value;
}

/// Reads the first note off the text; nothing, and the text as it was, where it begins with none.
std::optional<SignedNote> take_note(std::string_view& text)
{
    std::string_view rest = text;
    const auto origin = take_line(rest);
    const auto size_line = take_line(rest);
    const auto root_line = take_line(rest);
    const auto at = take_line(rest);
    const std::size_t signed_size = text.size() - rest.size();
    const auto blank = take_line(rest);
    auto signature_line = take_line(rest);
    if (!signature_line || !blank->empty() || !signature_line->starts_with(kSignatureMark)) return std::nullopt;

    const auto size = decimal(*size_line);
    const auto root_bytes = from_base64(*root_line);
    const auto root = root_bytes ? hash_from_bytes(*root_bytes) : std::nullopt;
    signature_line->remove_prefix(kSignatureMark.size());
    const std::size_t space = signature_line->find(' ');
    if (!size || !root || at->empty() || space == std::string_view::npos) return std::nullopt;
    const auto signature = from_base64(signature_line->substr(space + 1));
    if (!signature || signature->size() != kKeyIdBytes + kSignatureBytes) return std::nullopt;
    if (signature_line->substr(0, space) != *origin) return std::nullopt;

    SignedNote note{{*size, *root, std::string(*at)},         std::string(text.substr(0, text.size() - rest.size())),
                    std::string(text.substr(0, signed_size)), std::string(*origin),
                    signature->substr(0, kKeyIdBytes),        signature->substr(kKeyIdBytes)};
    text = rest;
    return note;
}

}  // namespace

Result<VerifyKey> VerifyKey::of(std::shared_ptr<evp_pkey_st> key)
{
    std::array<unsigned char, kPublicKeyBytes> raw{};
    std::size_t size = raw.size();
    if (EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) != 1 || size != raw.size())
        return library_fault("read a public key");
    const std::string bytes(raw.begin(), raw.end());
    std::string name(kNamePrefix);
    name += sha256_of(bytes).substr(0, kNameDigits);
    std::string id = bytes_from_hex(sha256_of(name + '\n' + kEd25519Mark + bytes)).substr(0, kKeyIdBytes);
    return VerifyKey(std::move(key), std::move(name), std::move(id));
}

Result<VerifyKey> VerifyKey::from_pem(std::string_view pem)
{
    auto key = key_from(pem, PEM_read_bio_PUBKEY);
    if (!key) return key.error();
    return of(std::move(*key));
}

Result<VerifyKey> VerifyKey::read(const std::filesystem::path& file)
{
    const auto text = read_text(file, kLongestKeyFile_bytes);
    if (!text) return text.error();
    auto key = from_pem(*text);
    if (!key) return Fault{key.error().kind, key.error().where, key.error().what, file.string()};
    return key;
}

Result<std::string> VerifyKey::pem() const
{
    return pem_by([&](BIO* bio) { return PEM_write_bio_PUBKEY(bio, key_.get()); });
}

bool VerifyKey::accepts(std::string_view message, std::string_view signature) const
{
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), unsigned_bytes(signature), signature.size(), unsigned_bytes(message),
                            message.size()) == 1;
}

Result<SigningKey> SigningKey::generate()
{
    Key key = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (!key) return library_fault("make a key");
    auto verify_key = VerifyKey::of(std::move(key));
    if (!verify_key) return verify_key.error();
    return SigningKey(std::move(*verify_key));
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem)
{
    auto key = key_from(pem, PEM_read_bio_PrivateKey);
    if (!key) return key.error();
    auto verify_key = VerifyKey::of(std::move(*key));
    if (!verify_key) return verify_key.error();
    return SigningKey(std::move(*verify_key));
}

Result<SigningKey> SigningKey::read(const std::filesystem::path& file)
{
    const auto text = read_text(file, kLongestKeyFile_bytes);
    if (!text) return text.error();
    auto key = from_pem(*text);
    if (!key) return Fault{key.error().kind, key.error().where, key.error().what, file.string()};
    return key;
}

Result<std::string> SigningKey::pem() const
{
    return pem_by([&](BIO* bio) {
        return PEM_write_bio_PKCS8PrivateKey(bio, verify_key_.key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

Result<std::string> SigningKey::sign(std::string_view message) const
{
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::string signature(kSignatureBytes, '\0');
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, verify_key_.key_.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       unsigned_bytes(message), message.size()) != 1 ||
        size != kSignatureBytes)
        return library_fault("sign");
    return signature;
}

Result<std::string> signed_note(const Checkpoint& checkpoint, const SigningKey& key)
{
    const VerifyKey& verify_key = key.verify_key();
    std::string text = fmt::format("{}\n{}\n{}\n{}\n", verify_key.name(), checkpoint.size,
                                   base64(bytes_of(checkpoint.root)), checkpoint.at);
    const auto signature = key.sign(text);
    if (!signature) return signature.error();
    const std::string mark = base64(std::string(verify_key.id()) + *signature);
    text += fmt::format("\n{}{} {}\n", kSignatureMark, verify_key.name(), mark);
    return text;
}

std::optional<SignedNote> parse_note(std::string_view text)
{
    auto note = take_note(text);
    if (!text.empty()) return std::nullopt;
    return note;
}

NoteCheck check_note(const SignedNote& note, const VerifyKey& key)
{
    if (note.key_name != key.name() || note.key_id != key.id()) return NoteCheck::other_key;
    return key.accepts(note.signed_text, note.signature) ? NoteCheck::sound : NoteCheck::wrong_signature;
}

CheckpointFile parse_checkpoints(std::string_view text)
{
    CheckpointFile file;
    const std::string_view whole = text;
    while (!text.empty()) {
        auto note = take_note(text);
        if (!note) break;
        file.notes.push_back(std::move(*note));
        file.sound_bytes = whole.size() - text.size();
    }
    // What is left is the beginning of a note if it ends before, or within, the signature's line.
    constexpr std::ptrdiff_t kLinesOfANote = 6;
    const auto lines = std::count(text.begin(), text.end(), '\n');
    file.cut_short = !text.empty() && lines < kLinesOfANote;
    if (lines >= kLinesOfANote) file.damaged_note = file.notes.size() + 1;
    return file;
}

Result<std::string> read_checkpoint_text(const std::filesystem::path& file)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error)) return std::string();
    return read_text(file, kLongestCheckpoints_bytes);
}

}  // namespace chartlift::store
