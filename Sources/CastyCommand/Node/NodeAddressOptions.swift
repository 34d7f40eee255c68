import ArgumentParser
import Casty
import CastyCore
import CastyLive

/// The options that say where a node listens, where others reach it, and where it looks for its cluster.
struct NodeAddressOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to listen, as HOST:PORT; other nodes reach it there, unless --advertise says where.",
            valueName: "address"))
    var listen: String
    @Option(
        help: ArgumentHelp(
            "Where other nodes reach it, as HOST:PORT, if not where it listens: behind a port of a container's host, or with --listen 0.0.0.0:7001. It is the node's identity; seeds name it.",
            valueName: "address"))
    var advertise: String?
    @Option(
        help: ArgumentHelp(
            "Where to ask for admission, as HOST:PORT; again for more, the same on every node. Itself by default.",
            valueName: "address"))
    var seedNode: [String] = []
    @Option(
        help: ArgumentHelp(
            "A name that stands for the addresses of all seeds, and their port, as casty.example:7001, instead of --seed-node; the same on every node.",
            valueName: "name:port"))
    var seedDNS: String?
    @Option(
        help: ArgumentHelp(
            "A name whose service records (SRV) name all seeds and their ports, as _casty._tcp.example, instead of --seed-node; the same on every node.",
            valueName: "name"))
    var seedSRV: String?
    @Option(
        help: ArgumentHelp(
            "How many seeds that name must stand for before the node asks any: the number of those that start first, where the name fills up meanwhile.",
            valueName: "number"))
    var seedCount = 1
    @Flag(
        help:
            """
            This node founds the cluster, without asking others; on one node only. With --data, once it was in a cluster, it asks the others, joins \
            that cluster where it runs, and founds it again without those that give no answer for long.
            """
    )
    var found = false

    /// Checks what can be checked before the node is made.
    ///
    /// - Parameter allowOthers: Whether other machines may connect.
    func check(allowOthers: Bool) throws {
        let bind = try address(listen, "--listen")
        let own = try advertise.map { try address($0, "--advertise") }
        if !allowOthers {
            for (option, address) in [("--listen", bind), ("--advertise", own ?? bind)] where !address.isLoopback {
                throw ValidationError("\(option) \(address) \(CredentialOptions.advice), or use 127.0.0.1")
            }
        }
        if bind.isWildcard, own == nil {
            throw ValidationError(
                "--listen \(bind) is no address that others could connect to: name one with --advertise too")
        }
        if let own, own.isWildcard {
            throw ValidationError("--advertise \(own) is no address that others could connect to")
        }
        for seed in seedNode { _ = try address(seed, "--seed-node") }
        if let seedDNS { _ = try address(seedDNS, "--seed-dns") }
        guard seedCount >= 1 else { throw ValidationError("--seed-count takes 1 or more, not \(seedCount)") }
        let sources = [!seedNode.isEmpty, seedDNS != nil, seedSRV != nil].count(where: \.self)
        if sources > 1 {
            throw ValidationError(
                "Name seeds by one of --seed-node, --seed-dns and --seed-srv: they are the same on all nodes")
        }
    }

    private func address(_ text: String, _ option: String) throws -> NodeAddress {
        guard let address = NodeAddress(text)?.canonical, address.port != 0 else {
            throw ValidationError("\(option) is HOST:PORT, as 127.0.0.1:7001, not \(text.printable)")
        }
        return address
    }

    /// The address by which other nodes know this one; valid after ``check(allowOthers:)``.
    var identity: NodeAddress { get throws { try address(advertise ?? listen, "--listen") } }

    /// Sets the addresses and the seeds.
    func apply(to settings: inout NodeSettings) {
        settings.bind = listen
        settings.advertise = advertise
        settings.isFirstStart = found
        settings.seeds =
            if let seedDNS, let address = NodeAddress(seedDNS) {
                .dns(address.host, port: address.port, atLeast: seedCount)
            } else if let seedSRV {
                .srv(seedSRV, atLeast: seedCount)
            } else {
                .list(seedNode.isEmpty ? [advertise ?? listen] : seedNode)
            }
    }

    /// Where the node listens, and where it is reached if that differs.
    func title(of node: CastyNode) -> String {
        let address = node.system.address
        return advertise == nil ? "\(address) listens" : "\(address) listens on \(listen)"
    }

    /// The seeds, for people.
    var seedsTitle: String {
        if let seedDNS { return "behind \(seedDNS)" }
        if let seedSRV { return "of \(seedSRV)" }
        return (seedNode.isEmpty ? [advertise ?? listen] : seedNode).joined(separator: ", ")
    }
}

extension NodeAddress {
    /// Whether it stands for all addresses of a machine.
    fileprivate var isWildcard: Bool { host == "0.0.0.0" || host == "::" }
}
