import ArgumentParser
import Casty
import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyLive
import CastyManagement
import CastyMembership
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Glibc

/// `casty node`: one node in its own process.
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Run one node in its own process.",
        discussion: """
            Joins the cluster through its seed nodes; where none of them is in one, a majority of the seeds founds it. With --found this node founds it \
            by itself, where it remembers no cluster. Hosts the sample entities account and counter. Name three seeds, the same on all nodes: while a \
            majority of them is away, seeds that start again wait for a member that they can reach. Leaves gracefully on SIGTERM, SIGINT and SIGHUP, and ends after --grace at the latest; a second signal ends it at once. Output that is not read is dropped and counted.
            With --data accounts keep their balance in a file of that folder, which all nodes of the cluster on this machine share, and keep it when
            all of them have ended; without it a balance is gone when its account moves or goes to sleep. The folder belongs to its cluster, and says \
            to a node that starts again where to look for it. With --store they keep it there instead: in PostgreSQL for nodes of many machines, in a
            folder for nodes of one. What a node names must lead to the same store as that of all others, or it is refused. The password may stand in \
            the file ~/.pgpass or in PGPASSWORD, where no list of processes shows it.
            With --management a supervisor asks it whether it lives and is ready, Prometheus reads its metrics, and operators with the token move, pin \
            and drain: GET /openapi.json describes all that.
            With --tls-cert, --tls-key and --tls-ca, or with --secret-file, connections are encrypted, and only those with such credentials get any; \
            all nodes, and the commands that talk to them, need them then. Without them it listens on this machine only, unless --insecure says that \
            the network is protected otherwise.
            Exits with 1, and says why, if it was refused, downed or removed, or if its cluster ends before a second one of its name.

              casty node --listen 127.0.0.1:7001 --seed-node 127.0.0.1:7001 --seed-node 127.0.0.1:7002
              casty node --listen 127.0.0.1:7002 --seed-node 127.0.0.1:7001 --seed-node 127.0.0.1:7002
              casty node --listen 127.0.0.1:7003 --seed-node 127.0.0.1:7001 --seed-node 127.0.0.1:7002
            """)

    @Option(help: "Where to listen, as HOST:PORT; other nodes reach it there.")
    var listen: String
    @Option(
        help:
            "Where to ask for admission, as HOST:PORT; again for more, the same on every node. Itself by default."
    )
    var seedNode: [String] = []
    @Flag(
        help:
            """
            This node founds the cluster, without asking others; on one node only. With --data, once it was in a cluster, it asks the others, joins \
            that cluster where it runs, and founds it again without those that give no answer for long.
            """
    )
    var found = false
    @Option(help: "The name of the cluster; nodes of others are refused.")
    var cluster = "casty"
    @Option(help: "What this node can do; again for more.")
    var role: [String] = []
    @Option(help: "How many shards each sample type has; the same on all nodes.")
    var shards = 24
    @Option(
        help: "Timings: \(Preset.choice); the same on all nodes.", completion: .list(Preset.allCases.map(\.rawValue)))
    var preset = Preset.lan
    @Option(help: "The folder of the node's stores; the same for all nodes of the cluster on this machine.")
    var data: String?
    @Option(
        help: ArgumentHelp(
            "Where accounts keep their balance: \(StoreOption.forms); the same on all nodes. In the folder of --data by default.",
            valueName: "store"))
    var store: StoreOption?
    @Flag(
        help:
            "Accounts come back without a message after a move or a crash; with --data or --store, on all nodes or on none."
    )
    var remember = false
    @Option(
        help: ArgumentHelp(
            "Who stays when members cannot reach each other: \(DowningOption.forms); the same on all nodes.",
            valueName: "strategy"))
    var downing: DowningOption?
    @OptionGroup var management: ManagementOptions
    @OptionGroup(title: "Credentials")
    var credentials: CredentialOptions
    @Option(help: ArgumentHelp("How long leaving may take after a signal, as 10s.", valueName: "time"))
    var grace = ScenarioDuration(.seconds(10))
    @Flag(help: "Print events as JSON, one object a line.")
    var json = false

    func validate() throws {
        guard try address(listen, "--listen").isLoopback || credentials.allowOthers else {
            throw ValidationError("--listen \(listen) \(CredentialOptions.advice), or listen on 127.0.0.1")
        }
        for seed in seedNode { _ = try address(seed, "--seed-node") }
        try management.check(insecure: credentials.insecure)
        guard data != nil || store != nil || !remember else {
            throw ValidationError("--remember needs --data or --store")
        }
        if downing?.usesStore == true {
            guard case .postgres = store else {
                throw ValidationError("--downing lease-majority without a file needs --store postgres://…")
            }
        }
        guard (1...16_384).contains(shards) else { throw ValidationError("--shards takes 1…16384, not \(shards)") }
    }

    private func address(_ text: String, _ option: String) throws -> NodeAddress {
        guard let address = NodeAddress(text)?.canonical, address.port != 0 else {
            throw ValidationError("\(option) is HOST:PORT, as 127.0.0.1:7001, not \(text)")
        }
        return address
    }

    func run() async throws {
        Output.startQueues(limit: 256 << 10, mayDrop: true, notice: json ? Output.jsonNotice : Output.notice)
        try FileLimit.require(nodes: 1, for: "node")
        let address = try self.address(listen, "--listen")
        let seeds = try seedNode.isEmpty ? [address] : seedNode.map { try self.address($0, "--seed-node") }
        let timings = timings(seeds)
        // The runtime stops waiting for a store after half a lease.
        let limit = timings.settings.entityLease / 2
        let stores = try or(exit: 74) { try (store ?? data.map { .sqlite($0) })?.open(limit: limit) }
        let config = try config(timings, address, stores)
        let node: CastyNode
        do {
            node = try await CastyNode.start(
                name: cluster, listen: address, cluster: config, tls: credentials.security
            ) { registry in
                try SampleEntity.register(in: registry)
            }
        } catch {
            Output.error("casty node: \(error.message)")
            throw ExitCode(69)
        }
        let asJSON = json
        node.system.inspector.subscribe { event in
            if asJSON { Output.line(event.json) } else if let text = EventLine.text(of: event) { Output.line(text) }
        }
        try SampleEntity.start(
            on: node.sharding, shards: shards, store: stores?.entities,
            remember: remember ? stores?.remembered : nil)
        let shown = try await show(node)
        if !json {
            Output.line(
                "\(address) listens; cluster \(cluster), seeds \(seeds.map(\.description).joined(separator: ", "))")
            if let shown = shown?.address { Output.line("http://\(shown) shows it") }
        }
        let signals = leaveOnSignals(node)
        StartupMemory.releaseLater()
        await node.ended()
        await shown?.stop()
        signals.end()
        try reportEnd(of: node)
    }

    private func timings(_ seeds: [NodeAddress]) -> ClusterConfig {
        switch preset {
        case .responsive: .responsive(seeds: seeds, roles: role)
        case .lan: .lan(seeds: seeds, roles: role)
        case .wan: .wan(seeds: seeds, roles: role)
        }
    }

    private func config(
        _ timings: ClusterConfig, _ address: NodeAddress, _ stores: StoreOption.Opened?
    ) throws -> ClusterConfig {
        var config = timings
        config.isFirstStart = found
        config.require("preset", preset.rawValue)
        config.require("shards", String(shards))
        config.require("remember", remember ? "on" : "off")
        config.store = stores?.cluster
        config.memory = try or(exit: 74) {
            let memory = try data.map { try FileClusterMemory(directory: $0, node: address) }
            _ = try stores?.cluster.recallCluster(name: cluster)
            return memory
        }
        downing?.apply(to: &config, lease: stores?.lease)
        return config
    }

    /// Ends the program with this code, and says why, if `body` fails.
    private func or<Result>(exit code: Int32, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            Output.error("casty node: \(error)")
            throw ExitCode(code)
        }
    }

    /// Starts showing the node. Ends the program, and says why, if that cannot be done.
    private func show(_ node: CastyNode) async throws -> ManagementServer? {
        do {
            return try await management.start(for: node, insecure: credentials.insecure)
        } catch {
            Output.error("casty node: --management: \(error)")
            node.beginLeaving(within: .seconds(2))
            await node.ended()
            throw ExitCode(69)
        }
    }

    /// How long leaving takes at most. Near the end of the grace period the node stops without the others' agreement, so
    /// that its entities and stores still end in order.
    private var leaveLimit: Duration { grace.duration * 0.8 }

    private func leaveOnSignals(_ node: CastyNode) -> Signals {
        let (limit, leaveLimit) = (grace.duration, leaveLimit)
        return Signals { count in
            if count > 1 { _exit(130) }
            node.beginLeaving(within: leaveLimit)
            _ = LiveThread {
                usleep(UInt32(clamping: limit.nanoseconds / 1000))
                Output.error("casty node: \(node.system.address) has not left within \(limit); it ends without")
                Output.drain(atMost: .milliseconds(200))
                _exit(1)
            }
        }
    }

    private func reportEnd(of node: CastyNode) throws {
        let address = node.system.address
        switch node.cluster.stopReason {
        case .left: if !json { Output.line("\(address) has left") }
        case nil:
            Output.error(
                "casty node: \(address) has not left within \(leaveLimit); it has stopped without the others' word")
            throw ExitCode(1)
        case .downed?, .removed?, .refused?, .secondCluster?, .failed?:
            let reason = node.cluster.stopReason.map { "\($0)" } ?? ""
            Output.error("casty node: \(address) \(reason)")
            throw ExitCode(1)
        }
    }
}
