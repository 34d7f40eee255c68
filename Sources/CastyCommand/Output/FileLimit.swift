import ArgumentParser
import CastyInvariants
import CastyTestbed
import Glibc

/// The number of files, including sockets, that this process may have open.
enum FileLimit {
    /// Raises the soft limit to the hard one; the usual soft limit of 1024 exists for programs that use `select`.
    static func raise() {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(files, &limit)
    }

    /// Rejects a number of nodes that does not fit, with an explanation.
    ///
    /// - Parameter nodes: The number of live nodes of one cluster in this process.
    static func require(nodes: Int, for command: String) throws {
        guard let problem = DescriptorBudget.problem(nodes: nodes) else { return }
        Output.error("casty \(command): \(problem)")
        throw ExitCode(71)
    }
}
