/// Splits lists of shards into pages, so that no message exceeds a frame, whatever the length of the node names.
///
/// A frame holds 256 KiB by default. The largest entry names a node with a 255-byte host name, its port, its
/// incarnation and the version of an ownership: 300 bytes.
package enum ShardPages {
    /// The most entries in one page that name a node.
    package static let named = 512
    /// The most shards in one part of a registration. An entry has at most 40 bytes; the last part also carries the
    /// intents.
    package static let reported = 2048
    /// The most bytes that intents may take; see ``Intents/size``.
    package static let intents = 96 * 1024

    /// The shards in ranges of at most `size`; one empty range if there are none.
    static func ranges(of count: Int, upTo size: Int) -> [Range<Int>] {
        guard count > 0 else { return [0..<0] }
        return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    }

    /// A list in slices of at most `size` elements.
    static func slices<Element>(of list: [Element], upTo size: Int) -> [[Element]] {
        stride(from: 0, to: list.count, by: size).map { Array(list[$0..<min($0 + size, list.count)]) }
    }
}
