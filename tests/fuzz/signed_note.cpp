// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a checkpoints file of the audit log. What must hold: notes found are whole notes of the text, read alone as
// they are read in it; the text up to the end of the last reads the same; a foreign signature is not accepted.
#include "store/signed_note.h"

#include <cstdint>
#include <string>

#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift::store;
    using chartlift::fuzz::require;
    static const auto kKey = SigningKey::generate();
    const std::string_view text = chartlift::fuzz::view_of(bytes, size);
    const CheckpointFile file = parse_checkpoints(text);
    require(file.sound_bytes <= text.size(), "notes lie within the text");
    std::string joined;
    for (const SignedNote& note : file.notes) {
        joined += note.text;
        const auto alone = parse_note(note.text);
        require(alone && alone->checkpoint == note.checkpoint && alone->signature == note.signature &&
                    alone->signed_text == note.signed_text,
                "a note reads alone as it does in the file");
        require(note.text.starts_with(note.signed_text), "the signed lines are the note's first");
        require(check_note(note, kKey->verify_key()) != NoteCheck::sound, "a foreign signature is not accepted");
    }
    require(joined == text.substr(0, file.sound_bytes), "notes are the text, byte by byte");
    require(!file.damaged_note || *file.damaged_note == file.notes.size() + 1, "the first damaged note is named");
    const CheckpointFile again = parse_checkpoints(text.substr(0, file.sound_bytes));
    require(again.notes.size() == file.notes.size() && !again.cut_short && !again.damaged_note,
            "up to the last whole note all is well");
    if (const auto note = parse_note(text)) require(note->text == text, "one note is the whole text");
    VerifyKey::from_pem(text).has_value();
    return 0;
}
