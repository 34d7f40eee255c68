import ArgumentParser
import Casty
import CastyCluster
import CastyMembership

/// The value of `--downing`: a strategy and its parameters.
struct DowningOption: ExpressibleByArgument {
    let strategy: DowningStrategy
    /// The file that lease-majority uses.
    let leaseFile: String?
    /// Whether lease-majority uses the store of the node.
    let usesStore: Bool

    static let forms =
        "keep-majority, static-quorum:N, keep-oldest, down-all, lease-majority:FILE, lease-majority (in the PostgreSQL of --store) or manual"

    init?(argument: String) {
        let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var file: String?
        switch (parts[0], parts.count > 1 ? parts[1] : nil) {
        case ("keep-majority", nil): strategy = .keepMajority()
        case ("keep-oldest", nil): strategy = .keepOldest()
        case ("down-all", nil): strategy = .downAll
        case ("manual", nil): strategy = .manual
        case ("static-quorum", let size?):
            guard let size = Int(size), size > 0 else { return nil }
            strategy = .staticQuorum(size: size)
        case ("lease-majority", nil): strategy = .leaseMajority()
        case ("lease-majority", let path?) where !path.isEmpty:
            strategy = .leaseMajority()
            file = path
        default: return nil
        }
        leaseFile = file
        usesStore = argument == "lease-majority"
    }

    /// - Parameter lease: The lease of the node's store, if it has one.
    func apply(to settings: inout NodeSettings, lease: (any MajorityLease)?) {
        settings.downing = strategy
        settings.majorityLease = usesStore ? lease : leaseFile.map { FileMajorityLease($0) }
    }
}
