import ArgumentParser
import CastyCore
import CastyInvariants
import CastySharding
import CastyTestbed
import Dispatch
import Glibc

/// `casty load`: deposits to many entities through running nodes, with a ledger of acknowledged deposits.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Send requests to many entities through running nodes, and check what is answered.",
        discussion: """
            Asks account-1 to account-N in turn for `deposit 1`, through all nodes that answer, in turn, and goes on while nodes die and come back. With \
            --check it keeps the books of every entity: replies never go back, no two deposits have the same reply, each reply is explained by what was \
            acknowledged or attempted before, and at the end the balance lies between what was acknowledged and what was attempted. A deposit whose \
            outcome is not known is never repeated and counts as attempted. The history of each entity, every request with its reply and the order of \
            both, is kept too, and checked for linearizability at the end.

            SIGINT and SIGTERM end it early: what was sent comes in, and the books are closed; a second signal ends it at once.

            Exits with 0 if all agrees, 1 with the first contradiction in words, 64 for a wrong command line, 69 if no node answers. Accounts of nodes \
            without --data lose their balance when their node dies: --check then says so, which is what it is for.

              casty load 127.0.0.1:7001 127.0.0.1:7002 --rate 500 --for 60s
              casty load 127.0.0.1:7001 127.0.0.1:7002 --rate 500 --entities 100 --for 60s --check
              casty load 127.0.0.1:7001 --check --json | jq .acknowledged
            """)

    @Argument(help: ArgumentHelp("Nodes, as HOST:PORT; all that shall be used.", valueName: "node"))
    var node: [String]
    @Option(help: "Requests a second, 1…100000.")
    var rate = 500
    @Option(help: "How many entities, 1…100000.")
    var entities = 100
    @Option(name: .customLong("for"), help: ArgumentHelp("For how long, as 60s.", valueName: "time"))
    var duration = ScenarioDuration(.seconds(60))
    @Flag(help: "Keep the books, and compare every reply and the end with them.")
    var check = false
    @Option(help: "The entities' type: account or counter.")
    var type = "account"
    @Option(
        help: ArgumentHelp(
            "How long the balances may take to be read at the beginning and at the end, as 60s.", valueName: "time"))
    var settle = ScenarioDuration(.seconds(60))
    @OptionGroup var options: ClientOptions

    func validate() throws {
        _ = try node.map(options.node)
        guard !node.isEmpty else { throw ValidationError("Name one node at least, as 127.0.0.1:7001") }
        guard (1...100_000).contains(rate) else { throw ValidationError("--rate takes 1…100000, not \(rate)") }
        guard (1...100_000).contains(entities) else {
            throw ValidationError("--entities takes 1…100000, not \(entities)")
        }
        guard ["account", "counter"].contains(type) else {
            throw ValidationError("--type is account or counter, not \(type.printable)")
        }
    }

    func run() throws {
        var settings = LoadSettings()
        settings.rate = rate
        settings.entities = entities
        settings.duration = duration.duration
        settings.checks = check
        settings.type = type
        settings.settling = settle.duration
        let session = try ClientSession(options, nodes: try node.map(options.node), for: "load")
        defer { session.end() }
        let isOver = DispatchSemaphore(value: 0)
        let driver = LoadDriver.start(session.client, settings) { _ in isOver.signal() }
        let signals = Signals { count in
            if count > 1 { _exit(130) }
            driver.endEarly()
        }
        watch(driver, session, until: isOver)
        signals.end()
        let summary = driver.progress.summary
        Output.line(options.json ? summary.json : LoadText.summary(summary, checks: check))
        if summary.neverConnected {
            let reasons = session.client.reasons
            Output.error(
                "casty load: no node answers" + (reasons.isEmpty ? "" : ": \(reasons.joined(separator: "; "))"))
            throw ClientExit.unavailable
        }
        if let first = summary.contradictions.first {
            Output.error("casty load: contradiction: \(first)")
        } else if !summary.unread.isEmpty {
            Output.error(
                "casty load: \(summary.unread.count) entities could not be read within \(settings.settling): "
                    + summary.unread.prefix(5).joined(separator: ", "))
        }
        if !summary.isConsistent { throw ExitCode(1) }
    }

    /// Reports the progress every few seconds, and a contradiction at once.
    private func watch(_ driver: LoadDriver, _ session: ClientSession, until isOver: DispatchSemaphore) {
        var hasContradicted = false
        var looks = 0
        while isOver.wait(timeout: .now() + .milliseconds(500)) == .timedOut {
            looks += 1
            let (phase, summary) = driver.progress
            if !hasContradicted, let first = summary.contradictions.first {
                hasContradicted = true
                Output.error("casty load: contradiction: \(first); the load goes on to its end")
            }
            if looks.isMultiple(of: 6), Output.errorIsTerminal {
                Output.error(LoadText.progress(phase, summary, openNodes: session.client.openNodes, of: node.count))
            }
        }
    }
}

/// A load in words.
enum LoadText {
    static func progress(_ phase: String, _ summary: LoadSummary, openNodes: Int, of nodes: Int) -> String {
        "\(phase): \(summary.acknowledged) acknowledged of \(summary.sent), \(summary.refused) refused, \(summary.unknown) unknown, "
            + "\(summary.heldBack) held back, p99 \(LoadSummary.milliseconds(summary.latency.percentile(0.99))) ms, \(openNodes) of \(nodes) nodes"
    }

    static func summary(_ summary: LoadSummary, checks: Bool) -> String {
        var lines = [
            "sent          \(summary.sent)",
            "acknowledged  \(summary.acknowledged)",
            "refused       \(summary.refused)  (surely not handled)",
            "unknown       \(summary.unknown)  (perhaps handled)",
            "held back     \(summary.heldBack)  (no node, or too many open to the entity)",
            "latency       p50 \(LoadSummary.milliseconds(summary.latency.percentile(0.5))) ms, p99 "
                + "\(LoadSummary.milliseconds(summary.latency.percentile(0.99))) ms, longest "
                + "\(LoadSummary.milliseconds(summary.latency.longest)) ms",
            "longest gap   \(LoadSummary.milliseconds(summary.longestGap)) ms without an acknowledgement",
        ]
        for (reason, count) in summary.reasons.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(reason.printable): \(count)")
        }
        guard checks else { return lines.joined(separator: "\n") }
        if let balances = summary.balances, let low = summary.acknowledgedBalances,
            let high = summary.attemptedBalances
        {
            lines.append("balances      \(balances), between \(low) acknowledged and \(high) attempted")
        }
        if summary.histories > 0 {
            let verdict =
                summary.nonlinearizable == 0
                ? "each is linearizable" : "\(summary.nonlinearizable) of them are NOT linearizable"
            lines.append("histories     \(summary.histories) entities, \(summary.operations) requests: \(verdict)")
        }
        for contradiction in summary.contradictions { lines.append("CONTRADICTION \(contradiction)") }
        let rest = summary.contradictionCount - summary.contradictions.count
        if rest > 0 { lines.append("and \(rest) more contradictions") }
        lines.append(summary.isConsistent ? "✓ the books agree" : "✗ the books do NOT agree")
        return lines.joined(separator: "\n")
    }
}
