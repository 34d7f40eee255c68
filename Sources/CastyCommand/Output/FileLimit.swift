import ArgumentParser
import CastyInvariants
import CastyTestbed
import Glibc

/// How many files, sockets among them, this process may have open.
enum FileLimit {
    /// Raises the soft limit to the hard one; the usual soft limit of 1024 is for programs that use `select`.
    static func raise() {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(files, &limit)
    }

    /// Refuses in words what does not fit.
    ///
    /// - Parameter nodes: How many live nodes of one cluster are to run in this process.
    static func require(nodes: Int, for command: String) throws {
        guard let problem = DescriptorBudget.problem(nodes: nodes) else { return }
        Output.error("casty \(command): \(problem)")
        throw ExitCode(71)
    }
}
