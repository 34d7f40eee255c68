/// How a scalar is displayed.
enum CharacterWidth: Hashable {
    /// One or two columns.
    case columns(Int)
    /// Takes no column of its own and is left out: combining marks, joiners, selectors.
    case nothing
    /// Would control the terminal or reorder the text around it: displayed as a replacement.
    case hostile

    /// The width of a scalar, by its properties; an ambiguous width counts as narrow.
    static func of(_ scalar: UInt32) -> CharacterWidth {
        switch scalar {
        case 0x20...0x7E: .columns(1)
        case ..<0x20, 0x7F..<0xA0: .hostile
        case 0xA0..<0x300: scalar == 0xAD ? .hostile : .columns(1)
        case 0x300..<0x370: .nothing
        // Right-to-left and isolate controls, line and paragraph separators, invisible operators, byte order mark.
        case 0x200E, 0x200F, 0x061C, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: .hostile
        case 0x200B...0x200D, 0xFE00...0xFE0F, 0x20D0...0x20F0: .nothing
        case 0xD800...0xDFFF, 0xE000...0xF8FF, 0xFFFE, 0xFFFF, 0xE0000...: .hostile
        case 0x2010...0x2BFF: .columns(Self.wideSymbols.contains(scalar) ? 2 : 1)
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD:
            .columns(2)
        default: Self.byProperties(scalar)
        }
    }

    private static let wideSymbols: Set<UInt32> = [
        0x231A, 0x231B, 0x2329, 0x232A, 0x23E9, 0x23EA, 0x23EB, 0x23EC, 0x23F0, 0x23F3, 0x25FD, 0x25FE, 0x2614, 0x2615,
        0x267F, 0x2693, 0x26A1, 0x26AA, 0x26AB, 0x26BD, 0x26BE, 0x26C4, 0x26C5, 0x26CE, 0x26D4, 0x26EA, 0x26F2, 0x26F3,
        0x26F5, 0x26FA, 0x26FD, 0x2705, 0x270A, 0x270B, 0x2728, 0x274C, 0x274E, 0x2753, 0x2754, 0x2755, 0x2757, 0x2795,
        0x2796, 0x2797, 0x27B0, 0x27BF, 0x2B1B, 0x2B1C, 0x2B50, 0x2B55,
    ]

    private static func byProperties(_ value: UInt32) -> CharacterWidth {
        guard let scalar = Unicode.Scalar(value) else { return .hostile }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            return .hostile
        case .nonspacingMark, .enclosingMark, .spacingMark: return .nothing
        default: return .columns(1)
        }
    }

    /// The number of columns that a text takes on the screen.
    static func columns(of text: some StringProtocol) -> Int {
        var total = 0
        for scalar in text.unicodeScalars {
            switch of(scalar.value) {
            case .columns(let count): total += count
            case .nothing: break
            case .hostile: total += 1
            }
        }
        return total
    }
}
