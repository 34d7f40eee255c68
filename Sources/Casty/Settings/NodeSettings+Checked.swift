import CastyCluster
import CastyCore
import CastyLive
import CastyMembership
import CastyRemoting
import CastySerialization

/// The addresses of a node, read from its settings.
struct NodeAddresses {
    /// Where it listens; port 0 is not chosen yet.
    var bind: NodeAddress
    /// Where others reach it; port 0 stands for the port of `bind`.
    var advertise: NodeAddress
}

extension NodeSettings {
    /// The addresses, checked.
    func addresses() throws(NodeError) -> NodeAddresses {
        let bind = try Self.address(bind, "bind")
        let advertised = try advertise.map { text throws(NodeError) in try Self.address(text, "advertise") }
        if Self.wildcards.contains(bind.host), advertised == nil {
            throw NodeError(
                .badSetting, "bind is \(bind), which names no address that others could connect to: set advertise too")
        }
        if let advertised, Self.wildcards.contains(advertised.host) {
            throw NodeError(.badSetting, "advertise is \(advertised): it must be an address that others can connect to")
        }
        let advertise = advertised ?? bind
        for (name, address) in [("bind", bind), ("advertise", advertise)]
        where !address.isLoopback && !tls.allowsOthers {
            throw NodeError(
                .badSetting,
                "\(name) is \(address), which other machines can reach, and nothing protects the connections: set tls = "
                    + ".mutual(certificate:key:trust:) or .sharedSecret(file:) of CastyTLS, listen on 127.0.0.1, or, where "
                    + "the network is protected otherwise, set tls = .insecure")
        }
        return NodeAddresses(bind: bind, advertise: advertise)
    }

    private static let wildcards = ["0.0.0.0", "::"]

    /// Reads an address; spellings of one address become one.
    static func address(_ text: String, _ setting: String) throws(NodeError) -> NodeAddress {
        guard let address = NodeAddress(text) else {
            throw NodeError(
                .badSetting, "\(setting) is \"\(text)\": it must be host:port, as 127.0.0.1:25520 or [::1]:25520")
        }
        return address.canonical
    }

    /// The seeds that are known now; empty for those that are looked up.
    func seedAddresses() throws(NodeError) -> [NodeAddress] {
        switch seeds.source {
        case .list(let texts):
            var addresses: [NodeAddress] = []
            for text in texts {
                let address = try Self.address(text, "seeds")
                guard address.port != 0 else {
                    throw NodeError(.badSetting, "seeds holds \(text): the port of a seed must be 1 to 65535")
                }
                addresses.append(address)
            }
            return addresses
        case .dns(let host, let port, let count):
            try Self.checkCount(count)
            guard NodeAddress("\(host):\(port)") != nil, port != 0 else {
                throw NodeError(
                    .badSetting, "seeds is .dns(\"\(host)\", port: \(port)): it must be a name and a port of 1 to 65535"
                )
            }
            return []
        case .srv(let name, let count):
            try Self.checkCount(count)
            guard NodeAddress("\(name):1") != nil else {
                throw NodeError(.badSetting, "seeds is .srv(\"\(name)\"): it must be a name, as _casty._tcp.example")
            }
            return []
        }
    }

    private static func checkCount(_ count: Int) throws(NodeError) {
        guard count >= 1 else { throw NodeError(.badSetting, "seeds needs at least \(count): it must be 1 or more") }
    }

    /// The part that concerns the membership, checked.
    func clusterConfig() throws(NodeError) -> ClusterConfig {
        var config = ClusterConfig(
            seeds: try seedAddresses(), roles: roles, timings: timings, downing: downing,
            minimumMembers: minimumMembers, memory: memory)
        config.downsAllWhenUnstable = downsAllWhenUnstable
        config.majorityLease = majorityLease
        config.isFirstStart = isFirstStart
        config.endsSecondClusters = endsSecondClusters
        config.store = store
        for (name, value) in requirements { config.require(name, value) }
        if let custom = codec.custom { config.require("codec", custom.name) }
        config.seedsName = seeds.source.sharedName
        return config
    }

    /// The part that concerns connections, checked.
    func remoting(listen: NodeAddress?) throws(NodeError) -> RemotingSettings {
        let range = ByteCount.kibibytes(64)...ByteCount.mebibytes(64)
        guard range.contains(frameLimit) else {
            throw NodeError(
                .badSetting,
                "frameLimit is \(frameLimit): it must be \(range.lowerBound) to \(range.upperBound)")
        }
        var remoting = connections
        remoting.frameLimit = frameLimit.bytes
        remoting.codec = codec.id
        remoting.serializer = codec.custom.map { CustomSerializer(id: codec.id, serializer: $0.serializer) }
        remoting.listen = listen
        return remoting
    }

    /// What protects the connections, with credentials that can be used; `nil` for nothing.
    func protection() throws(NodeError) -> (any ConnectionProtection)? {
        do {
            let protection = try tls.protection()
            guard protection == nil || transport == nil else {
                throw NodeError(
                    .badSetting, "tls protects connections over TCP, and transport is another one: set one of the two")
            }
            if let capability = protection?.capability, capability < .member {
                throw NodeError(
                    .badSetting,
                    "tls: these credentials allow to \(capability), not to be a node: a node needs a certificate for "
                        + "members, or the secret that lets nodes in")
            }
            return protection
        } catch {
            throw error as? NodeError ?? NodeError(.badSetting, "tls: \(error)", cause: error)
        }
    }

    /// What concerns the process, checked.
    func checkProcess() throws(NodeError) {
        if let workers, !(1...64).contains(workers) {
            throw NodeError(.badSetting, "workers is \(workers): it must be 1 to 64")
        }
        if leaveLimit <= .zero {
            throw NodeError(.badSetting, "leaveLimit is \(leaveLimit): it must be above zero")
        }
    }
}
