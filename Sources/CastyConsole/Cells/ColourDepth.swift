/// How many colours a terminal has.
package enum ColourDepth: Int, Hashable, Sendable, CaseIterable, Comparable {
    case none = 0
    case eight = 8
    case sixteen = 16
    case all = 256

    package static func < (left: ColourDepth, right: ColourDepth) -> Bool { left.rawValue < right.rawValue }

    /// The depth for a number of colours as a terminal states it.
    package init(colours: Int) {
        self = colours >= 256 ? .all : colours >= 16 ? .sixteen : colours >= 8 ? .eight : .none
    }
}
