/// The number of colours of a terminal.
package enum ColourDepth: Int, Hashable, Sendable, CaseIterable, Comparable {
    case none = 0
    case eight = 8
    case sixteen = 16
    case all = 256

    package static func < (left: ColourDepth, right: ColourDepth) -> Bool { left.rawValue < right.rawValue }

    /// The depth for the number of colours that a terminal reports.
    package init(colours: Int) {
        self = colours >= 256 ? .all : colours >= 16 ? .sixteen : colours >= 8 ? .eight : .none
    }
}
