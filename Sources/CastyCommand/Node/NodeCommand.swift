import ArgumentParser
import Casty
import CastyActors
import CastyCluster
import CastyCore
import CastyLive
import CastyManagement
import CastyObservability
import CastyRemoting
import CastyReporting
import CastyScenario
import CastyTestbed
import Glibc
import Logging
import Synchronization

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
            Every option may also come from the environment, as CASTY_SEED_NODE=a:7001,b:7001 or CASTY_FOUND=true, or from the file of --config, where \
            a table [timing] holds times. The command line wins over the environment, the environment over the file.
            Exits with 0 once it has left; with 1, and says why, if it was refused, downed or removed, or if its cluster ends before a second one of \
            its name; with 64 for an option that cannot work, 66 for a file that cannot be read, 69 where it cannot listen, 74 where its stores \
            cannot be opened, 78 for an error in the file of --config.

              casty node --listen 127.0.0.1:7001 --seed-node 127.0.0.1:7001 --seed-node 127.0.0.1:7002
              casty node --listen 127.0.0.1:7002 --seed-node 127.0.0.1:7001 --seed-node 127.0.0.1:7002
              casty node --listen 127.0.0.1:7003 --seed-node 127.0.0.1:7001 --seed-node 127.0.0.1:7002
            """)

    @OptionGroup(title: "Addresses and seeds")
    var place: NodeAddressOptions
    @Option(help: "The name of the cluster; nodes of others are refused.")
    var cluster = "casty"
    @Option(help: "What this node can do; again for more.")
    var role: [String] = []
    @Option(help: "How many shards each sample type has; the same on all nodes.")
    var shards = 24
    @OptionGroup(title: "Timings") var times: NodeTimingOptions
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
    @Option(
        name: .customLong("protocol"),
        help: ArgumentHelp(
            "The versions of the protocol that it speaks, as 1 or 1..2: fewer than it can, for tests and before a rollback.",
            valueName: "versions", visibility: .hidden))
    var versions = ProtocolVersions.spoken
    @OptionGroup var management: ManagementOptions
    @OptionGroup(title: "Credentials")
    var credentials: CredentialOptions
    @Option(help: ArgumentHelp("How long leaving may take after a signal, as 10s.", valueName: "time"))
    var grace = ScenarioDuration(.seconds(10))
    @Option(
        help: ArgumentHelp(
            "A file with settings: a line OPTION = VALUE for any option, as seed-node = [\"a:7001\", \"b:7001\"].",
            valueName: "file"))
    var config: String?
    @Option(
        help: "The least level of what is logged: \(NodeLogFormat.levels).",
        completion: .list(Logger.Level.allCases.map(\.rawValue)), transform: NodeLogFormat.level)
    var logLevel = Logger.Level.info
    @Option(
        help: "How it is logged, on standard error: text or json.",
        completion: .list(NodeLogFormat.allCases.map(\.rawValue)))
    var logFormat = NodeLogFormat.text
    @Flag(help: "Print events as JSON, one object a line.")
    var json = false

    func validate() throws {
        try place.check(allowOthers: credentials.allowOthers)
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
        guard ProtocolVersions.spoken.contains(versions) else {
            throw ValidationError("--protocol takes versions of \(ProtocolVersions.spoken), not \(versions)")
        }
        guard grace.duration > .zero else { throw ValidationError("--grace must be above zero, as 10s") }
        if let problem = times.timings.problem { throw ValidationError("--timing: \(problem)") }
    }

    func run() async throws {
        Output.startQueues(limit: 256 << 10, mayDrop: true, notice: json ? Output.jsonNotice : Output.notice)
        OutputLogHandler.writesJSON = logFormat == .json
        try FileLimit.require(nodes: 1, for: "node")
        // The runtime stops waiting for a store after half a lease.
        let limit = times.timings.settings.entityLease / 2
        let stores = try or(exit: 74) { try (store ?? data.map { .sqlite($0) })?.open(limit: limit) }
        let node = try await start(stores)
        let asJSON = json
        let losses = Mutex(LossLines())
        node.system.inspector.subscribe { event in
            for event in losses.withLock({ $0.lines(for: event) }) {
                if asJSON { Output.line(event.json) } else if let text = EventLine.text(of: event) { Output.line(text) }
            }
        }
        try SampleEntity.start(
            on: node.sharding, shards: shards, store: stores?.entities,
            remember: remember ? stores?.remembered : nil)
        let shown = try await show(node)
        if !json {
            Output.line("\(place.title(of: node)); cluster \(cluster), seeds \(place.seedsTitle)")
            if let shown = shown?.address { Output.line("http://\(shown) shows it") }
        }
        let signals = leaveOnSignals(node)
        StartupMemory.releaseLater()
        FreedMemory.releaseRegularly()
        await node.ended()
        await shown?.stop()
        signals.end()
        try reportEnd(of: node)
    }

    private func start(_ stores: StoreOption.Opened?) async throws -> CastyNode {
        let memory = try or(exit: 74) {
            let memory = try data.map { try FileClusterMemory(directory: $0, node: place.identity) }
            _ = try stores?.cluster.recallCluster(name: cluster)
            return memory
        }
        do throws(NodeError) {
            return try await CastyNode.start(cluster) { settings in
                place.apply(to: &settings)
                settings.tls = credentials.security
                settings.connections.versions = versions
                settings.roles = role
                settings.timings = times.timings
                settings.store = stores?.cluster
                settings.memory = memory
                downing?.apply(to: &settings, lease: stores?.lease)
                settings.require("preset", times.preset.rawValue)
                settings.require("shards", String(shards))
                settings.require("remember", remember ? "on" : "off")
                settings.log.logLevel = logLevel
                try SampleEntity.register(in: settings.types)
            }
        } catch {
            Output.error("casty node: \(error.message)")
            throw ExitCode(69)
        }
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
