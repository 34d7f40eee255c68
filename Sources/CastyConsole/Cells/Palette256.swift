/// The colours of the palette that terminals share, as red, green and blue.
///
/// The first 16 are a terminal's own choice: these are close to those of xterm, and readable on a dark background.
package enum Palette256 {
    package struct Colour: Hashable, Sendable {
        package var red: UInt8
        package var green: UInt8
        package var blue: UInt8

        package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
            self.red = red
            self.green = green
            self.blue = blue
        }

        /// As `#rrggbb`.
        package var hex: String { "#" + [red, green, blue].map(Self.digits).joined() }

        /// Parses `#rrggbb`.
        package init?(hex: some StringProtocol) {
            guard hex.utf8.count == 7, hex.utf8.first == UInt8(ascii: "#") else { return nil }
            let digits = hex.utf8.dropFirst().compactMap { Self.value(of: $0) }
            guard digits.count == 6 else { return nil }
            self.init(digits[0] << 4 | digits[1], digits[2] << 4 | digits[3], digits[4] << 4 | digits[5])
        }

        private static func digits(_ value: UInt8) -> String {
            (value < 16 ? "0" : "") + String(value, radix: 16)
        }

        private static func value(of digit: UInt8) -> UInt8? {
            Character(Unicode.Scalar(digit)).hexDigitValue.map { UInt8($0) }
        }

        /// How different two colours are, weighted as eyes do (the "redmean" approximation).
        func distance(to other: Colour) -> Int {
            let mean = (Int(red) + Int(other.red)) / 2
            let (r, g, b) = (
                Int(red) - Int(other.red), Int(green) - Int(other.green), Int(blue) - Int(other.blue)
            )
            return ((512 + mean) * r * r) >> 8 + 4 * g * g + ((767 - mean) * b * b) >> 8
        }
    }

    private static let system: [Colour] = [
        Colour(0x1C, 0x1C, 0x1C), Colour(0xCD, 0x31, 0x31), Colour(0x2E, 0xA0, 0x43), Colour(0xC8, 0x9B, 0x1A),
        Colour(0x3B, 0x78, 0xD8), Colour(0xB4, 0x4F, 0xC4), Colour(0x1C, 0xA3, 0xB4), Colour(0xC5, 0xC8, 0xC6),
        Colour(0x76, 0x76, 0x76), Colour(0xF1, 0x4C, 0x4C), Colour(0x56, 0xD3, 0x64), Colour(0xF2, 0xCC, 0x60),
        Colour(0x6C, 0xA4, 0xF8), Colour(0xD6, 0x7A, 0xE0), Colour(0x4F, 0xD1, 0xE0), Colour(0xFF, 0xFF, 0xFF),
    ]

    private static let levels: [UInt8] = [0, 95, 135, 175, 215, 255]

    /// The colour of an index, 0…255.
    package static func colour(_ index: Int) -> Colour {
        switch index {
        case ..<16: return system[max(0, index)]
        case 16..<232:
            let cube = index - 16
            return Colour(levels[cube / 36], levels[cube / 6 % 6], levels[cube % 6])
        default:
            let grey = UInt8(8 + 10 * (min(index, 255) - 232))
            return Colour(grey, grey, grey)
        }
    }

    /// The index of the nearest of some colours; of equally near ones the first.
    package static func nearest(to wanted: Colour, among indices: Range<Int>) -> Int {
        indices.min { colour($0).distance(to: wanted) < colour($1).distance(to: wanted) } ?? indices.lowerBound
    }
}
