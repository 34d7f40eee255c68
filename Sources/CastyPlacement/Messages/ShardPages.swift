/// How lists of shards are cut, so that no message is larger than a frame, whatever the nodes are called.
///
/// A frame holds 256 KiB by default. The largest entry is that of a node's name of 255 bytes, with its port, its incarnation and the version of an
/// ownership: 300 bytes.
package enum ShardPages {
    /// So many entries that name a node.
    package static let named = 512
    /// So many shards in one part of a registration; an entry has at most 40 bytes, and what operators asked for comes on top of the last.
    package static let reported = 2048
    /// So many bytes what operators asked for may take; see ``Intents/size``.
    package static let intents = 96 * 1024

    /// The shards in ranges of at most so many; one empty range where there are none.
    static func ranges(of count: Int, upTo size: Int) -> [Range<Int>] {
        guard count > 0 else { return [0..<0] }
        return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    }

    /// A list in slices of at most so many.
    static func slices<Element>(of list: [Element], upTo size: Int) -> [[Element]] {
        stride(from: 0, to: list.count, by: size).map { Array(list[$0..<min($0 + size, list.count)]) }
    }
}
