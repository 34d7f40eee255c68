import ArgumentParser
import Glibc

/// How many files, sockets among them, this process may have open.
enum FileLimit {
    /// Raises the soft limit to the hard one; the usual soft limit of 1024 is for programs that use `select`.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    static var current: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// What a node takes without its connections: the event loop, its listener, a store, and room for strangers.
    private static let eachNode = 12
    /// Streams, the terminal, timers, scenario files, a database.
    private static let process = 24
    /// Two connections for each pair of nodes, and both ends of them are here.
    private static let eachPair = 4

    /// Refuses in words what does not fit.
    ///
    /// - Parameter nodes: How many live nodes of one cluster are to run in this process.
    static func require(nodes: Int, for command: String) throws {
        let (needed, limit) = (needed(nodes: nodes), current)
        guard needed > limit else { return }
        let fitting = (0..<nodes).last { Self.needed(nodes: $0) <= limit } ?? 0
        let subject = nodes == 1 ? "a node needs" : "\(nodes) live nodes need"
        let enough = fitting > 0 ? ", which is enough for \(fitting)" : ""
        let advice = nodes == 1 ? "" : ", or start fewer nodes"
        Output.error(
            "casty \(command): \(subject) about \(needed) open files, and this process may have \(limit)\(enough). Raise the hard limit "
                + "(ulimit -Hn)\(advice).")
        throw ExitCode(71)
    }

    static func needed(nodes: Int) -> Int { process + nodes * eachNode + nodes * (nodes - 1) / 2 * eachPair }
}
