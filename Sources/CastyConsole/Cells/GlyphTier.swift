/// The characters that a terminal can show. Panes draw in Unicode; the buffer lowers each cell to the tier.
package enum GlyphTier: String, Hashable, Sendable, CaseIterable {
    case unicode
    /// Light box drawing, which every terminal supports in some form; everything else is ASCII.
    case acs
    case ascii

    /// The replacement for a scalar in this tier.
    func lower(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x7F || self == .unicode { return scalar }
        if let box = Self.box(scalar) { return self == .acs ? box.light : box.ascii }
        return Self.plain(scalar)
    }

    /// A box-drawing character as the nearest light character and as ASCII.
    private static func box(_ scalar: UInt32) -> (light: UInt32, ascii: UInt32)? {
        switch scalar {
        case 0x2500: (0x2500, 0x2D)
        case 0x2501: (0x2500, 0x3D)
        case 0x2502: (0x2502, 0x7C)
        case 0x2503: (0x2502, 0x23)
        case 0x2504, 0x2505, 0x2508, 0x2509, 0x254C: (0x2500, 0x2D)
        case 0x2506, 0x2507, 0x250A, 0x250B: (0x2502, 0x3A)
        case 0x250C, 0x250F, 0x256D: (0x250C, 0x2B)
        case 0x2510, 0x2513, 0x256E: (0x2510, 0x2B)
        case 0x2514, 0x2517, 0x2570: (0x2514, 0x2B)
        case 0x2518, 0x251B, 0x256F: (0x2518, 0x2B)
        case 0x251C: (0x251C, 0x2B)
        case 0x2524: (0x2524, 0x2B)
        case 0x252C: (0x252C, 0x2B)
        case 0x2534: (0x2534, 0x2B)
        case 0x253C: (0x253C, 0x2B)
        default: nil
        }
    }

    private static func plain(_ scalar: UInt32) -> UInt32 {
        let letter: Unicode.Scalar =
            switch scalar {
            case 0x2581, 0x2582: "."
            case 0x2583, 0x2584: "-"
            case 0x2585, 0x2586: "="
            case 0x2587: "+"
            case 0x2588: "#"
            case 0x2589, 0x258A, 0x258B: "#"
            case 0x258C, 0x258D: "="
            case 0x258E, 0x258F: "-"
            case 0x2591: "."
            case 0x2592: ":"
            case 0x2593: "="
            case 0x21C4: "%"  // moving
            case 0x2192, 0x25B8, 0x25B6, 0x25BA: ">"
            case 0x2190, 0x25C0, 0x25C2: "<"
            case 0x2191, 0x25B2: "^"
            case 0x2193, 0x25BC, 0x25BD: "v"
            case 0x2194: "-"
            case 0x00B7, 0x2219: "."
            case 0x2022, 0x25CF, 0x2605: "*"
            case 0x25C6: "^"
            case 0x2020: "+"
            case 0x2715, 0x00D7: "x"
            case 0x2026: "~"
            case 0x2013, 0x2014: "-"
            case 0x03C6: "p"
            case 0x03C3: "s"
            case 0x00B1: "+"
            case 0x2265: ">"
            case 0x2264: "<"
            case 0x2016: "="
            case 0x2260: "!"
            default: "?"
            }
        return letter.value
    }
}
