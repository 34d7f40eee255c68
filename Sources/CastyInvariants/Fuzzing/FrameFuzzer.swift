import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyRemoting
import CastySerialization
import CastySharding
import CastyTestbed
import NIOCore
import Synchronization

/// Sends frames that nearly follow the protocol to a node in a cluster of three, through the same code that serves real
/// connections.
///
/// It works in rounds. Each starts three simulated nodes with entities, lets them talk, and keeps some of each kind of
/// message that they exchange. Then a peer introduces itself to the first node, and sends messages made from these: as a
/// node that is no member, as a program that is no node, and last as the third node, which has crashed, so that what it
/// says counts as the word of a member. After each the first node must hold bounded tables, and still answer an ask to an
/// entity. Only a member may end it: every member may declare others down, and what it says of them is believed.
///
/// A run follows from its seed. A trap ends the process, so the seed of each round is reported before it.
package struct FrameFuzzer {
    /// Who sends the frames.
    package enum Role: String, Sendable, CaseIterable {
        case nonMember = "non-member"
        case client
        case member
    }

    /// What came of a run.
    package struct Report: Sendable {
        /// The frames that were sent.
        package fileprivate(set) var frames = 0
        /// The frames of each role.
        package fileprivate(set) var framesByRole: [Role: Int] = [:]
        /// How often the node has closed the connection.
        package fileprivate(set) var closed = 0
        /// The kinds of messages that the frames were made from, at most of all rounds.
        package fileprivate(set) var samples = 0
        /// The rounds in which the word of a member has ended a node or taken its entities.
        package fileprivate(set) var endedByMember = 0
        /// What must not be: each with the seed of its round.
        package fileprivate(set) var faults: [String] = []
    }

    /// The frames of one role in one round, at most.
    package static let ofRole = 20_000
    private static let ofStep = 200
    private static let step = Duration.milliseconds(10)

    package init() {}

    /// Sends that many frames.
    ///
    /// - Parameters:
    ///   - seed: All follows from it.
    ///   - began: Called with the number and the seed of each round before it.
    package func run(frames: Int, seed: UInt64, began: (Int, UInt64) -> Void = { _, _ in }) throws -> Report {
        var report = Report()
        var round = 0
        while report.frames < frames, report.faults.isEmpty {
            let roundSeed = seed &+ UInt64(round)
            began(round, roundSeed)
            let share = (frames - report.frames + Role.allCases.count - 1) / Role.allCases.count
            var work = try FuzzRound(seed: roundSeed)
            try work.run(min(Self.ofRole, share), into: &report)
            round += 1
        }
        return report
    }

    /// One cluster and what is sent to it.
    private struct FuzzRound {
        let seed: UInt64
        let testbed: TestCluster
        let node: TestNode
        let third: UniqueAddress
        let nodes: [UniqueAddress]
        let corpus: MessageCorpus
        var generator: SeededGenerator

        init(seed: UInt64) throws {
            self.seed = seed
            generator = SeededGenerator(seed: seed).fork("fuzz")
            testbed = TestCluster(
                world: SimulatedClusterWorld(seed: seed), settings: TestClusterSettings(), checkers: .none)
            try testbed.start([1, 2, 3])
            node = try testbed.node(1)
            corpus = MessageCorpus(node.system.registry)
            let testbed = testbed
            for node in testbed.running { node.cluster.remoting?.observe(corpus) }
            try testbed.advance(until: testbed.now + .seconds(30)) {
                testbed.running.allSatisfy { $0.cluster.state.up.count == 3 }
            }
            try ObservationService.start(on: node.system)
            try ClientService.start(on: node.sharding)
            third = try testbed.node(3).system.unique
            for number in 1...40 { try testbed.tell("account-\(number)", "deposit 1", via: 1 + number % 3) }
            for number in 1...10 { try testbed.tell("counter-\(number)", "add 1", via: 1 + number % 3) }
            try testbed.advance(until: testbed.now + .seconds(1))
            // One more node comes and goes, so that there are messages of joining, of handoffs and of leaving.
            try testbed.start([4])
            let fourth = try testbed.node(4)
            fourth.cluster.remoting?.observe(corpus)
            try testbed.advance(until: testbed.now + .seconds(20)) {
                testbed.running.allSatisfy { $0.cluster.state.up.count == 4 }
            }
            nodes = testbed.running.map(\.system.unique)
            try testbed.advance(until: testbed.now + .seconds(2))
            try testbed.leave(4)
            try testbed.advance(until: testbed.now + .seconds(30)) { testbed.running.count == 3 }
            for node in testbed.running { node.cluster.remoting?.observe(nil) }
        }

        /// What programs that are no nodes send.
        private func requests(of peer: UniqueAddress) -> [MessageCorpus.Sample] {
            let replyTo = "casty://\(node.system.name)@\(peer.address)/user/x#1"
            func sample(_ path: [String], _ type: String, _ text: String) -> MessageCorpus.Sample {
                MessageCorpus.Sample(
                    receiver: node.system.address, path: path, type: type, codec: .json, payload: Array(text.utf8))
            }
            let contents = [
                #"{"ask":{"entity":"account-1","text":"balance","milliseconds":1000}}"#, #"{"hello":{}}"#,
                #"{"tell":{"entity":"account-2","text":"deposit 1"}}"#,
                #"{"ask":{"entity":"counter-1","text":"get","milliseconds":9223372036854775807}}"#,
            ]
            return contents.map {
                sample(
                    ["client"], "casty.client.request",
                    #"{"client":1,"sequence":1,"replyTo":"\#(replyTo)","content":\#($0)}"#)
            } + [
                sample(["system", "observation"], "casty.observe", #"{"number":1,"after":0,"replyTo":"\#(replyTo)"}"#),
                sample(
                    ["system", "sharding-queries"], "casty.sharding.question",
                    #"{"type":"account","query":{"statistics":{"from":0}},"replyTo":"\#(replyTo)"}"#),
            ]
        }

        mutating func run(_ count: Int, into report: inout Report) throws {
            defer { testbed.end() }
            report.samples = max(report.samples, corpus.samples.count)
            for role in Role.allCases {
                if role == .member { try testbed.kill(3) }
                try send(count, as: role, into: &report)
                if let fault = try fault(after: role, into: &report) {
                    report.faults.append("seed \(seed), frames of a \(role.rawValue): \(fault)")
                    return
                }
            }
        }

        private mutating func send(_ count: Int, as role: Role, into report: inout Report) throws {
            let identity = identity(of: role)
            let host = testbed.world.makeHost(
                name: "fuzz-\(role.rawValue)",
                address: NodeAddress(host: "127.0.0.\(role == .client ? 8 : 9)", port: node.system.address.port))
            let peer = FuzzingPeer(identity, on: host, to: node.system.address)
            var mutator = FrameMutator(
                corpus.samples.map { $0.sent(by: identity, to: node.system.unique, among: nodes) }
                    + requests(of: identity),
                names: node.system.registry.names, to: node.system.address, system: node.system.name, from: identity,
                generator.fork(role.rawValue))
            var sent = 0
            var attempts = 0
            while sent < count, attempts < 50, node.state == .running {
                if !peer.isWelcome {
                    attempts += 1
                    peer.dial(cluster: node.system.name, observes: role == .client)
                    try testbed.advance(until: testbed.now + .milliseconds(60))
                    guard peer.isWelcome else { continue }
                    attempts = 0
                    if sent > 0 { report.closed += 1 }
                    mutator.connectionBegan()
                }
                var bytes = ByteBuffer()
                let batch = min(FrameFuzzer.ofStep, count - sent)
                for _ in 0..<batch { mutator.write(into: &bytes) }
                peer.send(bytes)
                sent += batch
                try testbed.advance(until: testbed.now + FrameFuzzer.step)
            }
            peer.close()
            host.kill()
            report.frames += sent
            report.framesByRole[role, default: 0] += sent
        }

        private func identity(of role: Role) -> UniqueAddress {
            switch role {
            case .nonMember:
                UniqueAddress(
                    address: NodeAddress(host: "127.0.0.9", port: node.system.address.port), incarnation: seed | 1)
            case .client:
                UniqueAddress(address: ClientName.address("fuzz", incarnation: seed | 1), incarnation: seed | 1)
            case .member: third
            }
        }

        /// What is wrong with the node now; `nil` where nothing is.
        private func fault(after role: Role, into report: inout Report) throws -> String? {
            guard let remoting = node.cluster.remoting else { return "the node has no connections" }
            let settings = remoting.settings
            let associations = remoting.snapshots
            if associations.count > settings.associationLimit + settings.nonMemberLimit + 3 {
                return "\(associations.count) associations"
            }
            let queued = associations.reduce(0) { $0 + $1.queuedBytes }
            let most = settings.nonMemberBytes + 2 * (settings.userQueue.bytes + settings.controlQueue.bytes)
            if queued > most { return "\(queued) bytes are queued" }
            if try answers() { return nil }
            guard role == .member else { return "an entity does not answer" }
            report.endedByMember += 1
            return nil
        }

        /// Whether one of the entities that answered before still does.
        private func answers() throws -> Bool {
            let isAnswered = Mutex(false)
            for _ in 0..<10 where node.state == .running {
                try testbed.ask("counter-1", "get", via: 1, within: .seconds(5)) { result in
                    if case .success = result { isAnswered.withLock { $0 = true } }
                }
                try testbed.advance(until: testbed.now + .seconds(5)) { isAnswered.withLock { $0 } }
                if isAnswered.withLock({ $0 }) { return true }
            }
            return false
        }
    }
}

/// No rules are checked: what a hostile member says breaks some.
private struct NoRules: RunChecker {
    var exercised: Set<String> { [] }

    mutating func look(_ testbed: TestCluster) -> [Violation] { [] }

    mutating func finish(_ testbed: TestCluster) -> [Violation] { [] }
}

extension Checkers {
    fileprivate static let none = Checkers(sharding: [], whole: { _ in NoRules() })
}
