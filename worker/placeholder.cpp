// SPDX-License-Identifier: GPL-3.0-or-later
// Until the room has its first source.
