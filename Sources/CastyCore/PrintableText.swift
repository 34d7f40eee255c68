/// Which scalars must never reach a terminal unchanged, and how they are shown instead.
///
/// Texts from users and from other nodes, such as replies, notes, ids and file names, are printed on terminals. A
/// scalar that a terminal acts on, or that changes how the text around it is read, is shown as its number.
extension Unicode.Scalar {
    /// Whether a terminal could take this for a command, or would reorder or hide the text around it: C0, DEL, C1,
    /// direction marks, line separators, invisible characters, tags.
    package var isUnprintable: Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0x061C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xFFF9...0xFFFB, 0xE0000...0xE0FFF:
            true
        default: false
        }
    }
}

extension String {
    /// The text on one line, with every scalar that must not reach a terminal replaced by an escape such as `\u{1B}`.
    /// O(length); no copy where there is nothing to replace.
    package var printable: String { replacingUnprintable { _ in false } }

    /// The same for a text of several lines: line breaks stay.
    package var printableLines: String { replacingUnprintable { $0 == "\n" } }

    private func replacingUnprintable(but stays: (Unicode.Scalar) -> Bool) -> String {
        guard unicodeScalars.contains(where: { $0.isUnprintable && !stays($0) }) else { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar.isUnprintable, !stays(scalar) {
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
