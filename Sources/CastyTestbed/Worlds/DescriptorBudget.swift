import Glibc

/// How many open files the live nodes of one process need, and how many it may have.
package enum DescriptorBudget {
    /// The files of a node without its connections: the event loop, its listener, a store, and room for pending
    /// handshakes.
    private static let eachNode = 12
    /// Streams, the terminal, timers, scenario files, a database.
    private static let process = 24
    /// Two connections for each pair of nodes, with both ends in this process.
    private static let eachPair = 4

    /// The approximate number of files that `nodes` nodes of one cluster need.
    package static func needed(nodes: Int) -> Int { process + nodes * eachNode + nodes * (nodes - 1) / 2 * eachPair }

    /// The limit of open files for this process.
    package static var limit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// Why `nodes` nodes do not fit; `nil` if they do.
    package static func problem(nodes: Int, limit: Int = limit) -> String? {
        let needed = needed(nodes: nodes)
        guard needed > limit else { return nil }
        let fitting = (0..<nodes).last { Self.needed(nodes: $0) <= limit } ?? 0
        let subject = nodes == 1 ? "a live node needs" : "\(nodes) live nodes need"
        let enough = fitting > 0 ? ", which is enough for \(fitting)" : ""
        let advice = nodes == 1 ? "" : ", or start fewer nodes"
        return
            "\(subject) about \(needed) open files, and this process may have \(limit)\(enough). Raise the hard limit (ulimit -Hn)\(advice)."
    }
}
