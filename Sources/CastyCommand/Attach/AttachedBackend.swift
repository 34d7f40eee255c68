import Casty
import CastyActors
import CastyCluster
import CastyConsole
import CastyCore
import CastyLive
import CastyObservability
import CastyScenario
import Foundation
import Synchronization

/// The console's backend for a cluster that runs in other processes.
final class AttachedBackend: ConsoleBackend {
    /// Known when the first node has answered.
    var mode: ConsoleMode { power.withLock { $0 == nil ? .attached : .operating } }
    let title: String
    /// The file of the recording, as long as it can be written.
    var recording: String? { recorder.flatMap { $0.isWriting ? $0.path : nil } }
    private let recorder: ObserverRecorder?
    private let world: LiveWorld
    private let host: LiveNode
    private let observer: ClusterObserver
    private let changed = ChangeSignal()
    private let messages = Mutex<[ConsoleMessage]>([])
    private let names = Mutex(AddressNames())
    private let contact: Mutex<ObserverContact>
    /// Known from the first answer on.
    private let clock = Mutex<WallClock?>(nil)
    /// What carries out commands; `nil` where the credentials allow none.
    private let power = Mutex<ClusterOperator?>(nil)

    private init(
        cluster: String, seeds: [NodeAddress], record: String?, _ protection: (any ConnectionProtection)?
    ) throws {
        title = cluster
        let recorder = try record.map { path in
            try ObserverRecorder(path, RecordingHeader(cluster: cluster, addresses: seeds.map(\.description)))
        }
        self.recorder = recorder
        contact = Mutex(ObserverContact(given: seeds))
        world = LiveWorld(workers: 1)
        host = world.node(transport: TwoLaneTransport(protection: protection))
        observer = try ClusterObserver(
            world: host.world, cluster: cluster, seeds: seeds, isProtected: protection != nil,
            changed: { [changed] in
                changed.signal()
                recorder?.signal()
            })
    }

    /// Starts observing a cluster.
    ///
    /// - Parameters:
    ///   - record: The file of a recording, if one is wanted.
    ///   - protection: What protects the connections; `nil` for nothing.
    /// - Throws: ``RecordingError`` if that cannot be made.
    static func open(
        cluster: String, seeds: [NodeAddress], record: String? = nil, _ security: ConnectionSecurity = .loopbackOnly,
        protection: (any ConnectionProtection)? = nil
    ) throws -> AttachedBackend {
        let backend = try AttachedBackend(cluster: cluster, seeds: seeds, record: record, protection)
        let power = try ClusterOperator(cluster: cluster, nodes: seeds, security) { [weak backend] kind, text in
            guard let backend else { return }
            backend.say(kind, backend.look().names.shorten(text))
            backend.changed.signal()
        }
        backend.power.withLock { $0 = power }
        try backend.observer.start()
        // Both end with the backend, which waits for them.
        backend.recorder?.start(
            look: { [unowned backend] cursor in
                guard backend.observer.nodes.contains(where: { $0.snapshot != nil }) else {
                    return (nil, CastyConsole.EventPage(events: [], next: cursor))
                }
                // The events first: a moment is not older than they are.
                let page = backend.events(after: cursor)
                return (backend.latest(), page)
            },
            failed: { [unowned backend] reason in
                backend.say(.refused, "record: \(record ?? "") cannot be written any more: \(reason)")
                backend.changed.signal()
            })
        return backend
    }

    /// The current time, by the clock of the node that was observed first.
    var now: Instant { observer.now }

    /// The reason why the first node that does not answer does not, if it is known.
    var lastError: String? { observer.nodes.lazy.compactMap(\.lastError).first }

    /// Waits for the first snapshot of a node.
    func waitForFirst(atMost patience: Duration) -> Bool {
        // Uses this process's own clock: the other one is not known before the first answer.
        let end = world.now + patience
        let wakeup = Wakeup()
        changed.listen { wakeup.signal() }
        while !observer.nodes.contains(where: { $0.snapshot != nil }) {
            let left = end - world.now
            guard left > .zero else { return false }
            wakeup.wait(atMost: left)
        }
        let power = power.withLock { $0 }
        if let power, let reason = power.refusal(within: .seconds(2)) {
            self.power.withLock { $0 = nil }
            power.close()
            say(.note, "looks on only: \(reason)")
        }
        return true
    }

    func whenChanged(_ wake: @escaping @Sendable () -> Void) {
        changed.listen(wake)
        keepTime()
    }

    /// Signals a change with each full second, which the screen's clock and the ages of silent nodes show.
    private func keepTime() {
        let second = Duration.seconds(1).nanoseconds
        let left = second - now.nanoseconds % second
        _ = host.world.scheduler.schedule(after: .nanoseconds(left)) { [weak self] in
            self?.changed.signal()
            self?.keepTime()
        }
    }

    func latest() -> ClusterSnapshot {
        let now = now
        let (known, names) = look()
        var nodes: [NodeSnapshot] = []
        for node in known {
            guard var snapshot = node.snapshot else { continue }
            if !ObserverContact.answers(node.heard, at: now) { snapshot.state = .silent }
            snapshot.associations.removeAll { $0.peer.port == 0 }
            nodes.append(snapshot.renamed(names.shorten))
        }
        let handled = nodes.reduce(UInt64(0)) { $0 + $1.actors.handled }
        let lost = nodes.reduce(UInt64(0)) { sum, node in
            sum + node.losses.filter { $0.lossClass == .user }.reduce(0) { $0 + $1.count }
        }
        var picture = ClusterSnapshot(time: now, version: handled, nodes: nodes, lost: lost)
        picture.observer = connections(known, names, at: now)
        return picture
    }

    /// What is known of the connections; says when the contact has changed.
    private func connections(
        _ known: [ClusterObserver.Node], _ names: AddressNames, at now: Instant
    ) -> ObserverSnapshot {
        let clock = clock.withLock { clock in
            // Before the first answer, the clock that is shown is not known.
            guard known.contains(where: { $0.snapshot != nil }) else { return WallClock.system(at: now) }
            let known = clock ?? .system(at: now)
            clock = known
            return known
        }
        let candidates = known.map { node in
            ObserverContact.Candidate(
                address: node.address, name: names.shorten(node.address.description), heard: node.heard,
                asked: node.asked, firstAsked: node.firstAsked)
        }
        let (changes, current, retry) = contact.withLock { contact in
            let changes = contact.look(candidates, at: now, clock)
            return (changes, contact.current, contact.retry(candidates, at: now, every: ClusterObserver.patience))
        }
        for text in changes { say(.note, text) }
        let silent = candidates.filter { candidate in
            // A request that is open for a moment says nothing yet.
            guard candidate.heard == nil else { return !ObserverContact.answers(candidate.heard, at: now) }
            return candidate.firstAsked.map { now - $0 > .seconds(1) } ?? false
        }
        return ObserverSnapshot(
            clock: clock, contact: candidates.first { $0.address == current }?.name,
            silent: silent.map { ObserverSnapshot.Silence(node: $0.name, since: $0.heard) }, retry: retry)
    }

    /// All nodes, and their names.
    private func look() -> (nodes: [ClusterObserver.Node], names: AddressNames) {
        let nodes = observer.nodes
        power.withLock { $0 }?.add(nodes.map(\.address))
        let names = names.withLock { names in
            for node in nodes { names.learn(node.address) }
            return names
        }
        return (nodes, names)
    }

    func events(after cursor: UInt64) -> CastyConsole.EventPage {
        let (_, names) = look()
        let page = observer.events(from: cursor)
        return CastyConsole.EventPage(
            events: page.events.map { $0.renamed(names.shorten) }, next: page.next, dropped: page.dropped)
    }

    func messages(after cursor: UInt64) -> MessagePage {
        messages.withLock { messages in
            MessagePage(messages: Array(messages.dropFirst(Int(clamping: cursor))), next: UInt64(messages.count))
        }
    }

    func submit(_ request: ConsoleRequest) {
        say(
            .refused,
            mode.refusal(of: request.verb)
                ?? "\(request.verb.word): an observer gave no commands; export scenario goes on from here")
        changed.signal()
    }

    func operate(_ command: RemoteCommand) {
        guard let power = power.withLock({ $0 }) else {
            return say(.refused, "\(command.verb.rawValue): the capability operate is missing")
        }
        let (nodes, names) = look()
        power.carryOut(command) { name in
            nodes.first { names.shorten($0.address.description) == name }?.address
        }
    }

    private func say(_ kind: ConsoleMessage.Kind, _ text: String) {
        messages.withLock { $0.append(ConsoleMessage(kind, text)) }
    }

    /// Ends the observer and its threads.
    func close() {
        recorder?.stop()
        power.withLock { $0 }?.close()
        let ended = DispatchSemaphore(value: 0)
        observer.stop { [host] in host.stop { ended.signal() } }
        _ = ended.wait(timeout: .now() + .seconds(3))
        world.shutdown()
    }
}
