// SPDX-License-Identifier: GPL-3.0-or-later
/// Signed checkpoints of the audit log: how many entries it had, and the root of the tree over them, in the form of
/// C2SP tlog-checkpoint and signed-note (https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note), Ed25519:
///
///     chartlift-audit-3f2a91c07d55e1b4                     origin: names the key, first 8 bytes of its SHA-256
///     2048                                                 entries
///     ikdp4aO...9Q=                                        root hash, base64
///     2026-03-01T08:15:00.250Z                             when it was signed, UTC
///                                                          (blank line; the signature is over all the lines above)
///     — chartlift-audit-3f2a91c07d55e1b4 Az3gr...          base64 of key id (4 bytes) and signature (64 bytes)
///
/// A checkpoints file is such notes one after another, oldest first. A note cut short at the file's end is left out.
/// Guarantee: a key that is read back signs and verifies as before; a note is only ever accepted with every byte as it
/// was signed. Faults: config (no Ed25519 key in PEM), io, limit (a file too long to be one of these), library.
/// Thread-safety: keys are immutable and may be shared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "store/merkle.h"

struct evp_pkey_st;

namespace chartlift::store {

class VerifyKey {
public:
    static Result<VerifyKey> from_pem(std::string_view pem);
    static Result<VerifyKey> read(const std::filesystem::path& file);
    Result<std::string> pem() const;
    const std::string& name() const { return name_; }  ///< the origin line
    std::string_view id() const { return id_; }        ///< 4 bytes: SHA-256(name || '\n' || 0x01 || key), cut short
    bool accepts(std::string_view message, std::string_view signature) const;

private:
    friend class SigningKey;
    VerifyKey(std::shared_ptr<evp_pkey_st> key, std::string name, std::string id)
        : key_(std::move(key)), name_(std::move(name)), id_(std::move(id))
    {
    }
    static Result<VerifyKey> of(std::shared_ptr<evp_pkey_st> key);
    std::shared_ptr<evp_pkey_st> key_;
    std::string name_;
    std::string id_;
};

class SigningKey {
public:
    static Result<SigningKey> generate();
    static Result<SigningKey> from_pem(std::string_view pem);
    static Result<SigningKey> read(const std::filesystem::path& file);
    Result<std::string> pem() const;  ///< PKCS #8, not encrypted: for a file that only its owner can read
    const VerifyKey& verify_key() const { return verify_key_; }
    Result<std::string> sign(std::string_view message) const;

private:
    explicit SigningKey(VerifyKey key) : verify_key_(std::move(key)) {}
    VerifyKey verify_key_;  ///< its key_ holds the private half too
};

struct Checkpoint {
    std::uint64_t size = 0;
    TreeHash root{};
    std::string at;  ///< UTC, ISO 8601
    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// The whole note, signature included.
Result<std::string> signed_note(const Checkpoint& checkpoint, const SigningKey& key);

struct SignedNote {
    Checkpoint checkpoint;
    std::string text;         ///< the whole note
    std::string signed_text;  ///< the lines that the signature is over
    std::string key_name;
    std::string key_id;
    std::string signature;
};

/// Nothing where the text has not the form above. The signature is not looked at.
std::optional<SignedNote> parse_note(std::string_view text);

enum class NoteCheck { sound, other_key, wrong_signature };
NoteCheck check_note(const SignedNote& note, const VerifyKey& key);

struct CheckpointFile {
    std::vector<SignedNote> notes;
    std::optional<std::size_t> damaged_note;  ///< the first, from 1, that is no note; those after it are not read
    std::size_t sound_bytes = 0;              ///< up to the end of the last whole note
    bool cut_short = false;                   ///< the last note is not whole
};

CheckpointFile parse_checkpoints(std::string_view text);
/// A file that is not there holds no checkpoint.
Result<std::string> read_checkpoint_text(const std::filesystem::path& file);

}  // namespace chartlift::store
