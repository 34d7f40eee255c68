import CastyActors
import CastyCore
import CastyObservability
import Testing

/// What a connection has read for one actor reaches its mailbox in one piece.
@Suite("Messages put into a mailbox together")
struct MovedMessagesTests {
    let manual = ManualWorld()

    // Longer than what a string holds inline, so that each has memory of its own.
    private func text(_ number: Int) -> String { "the message with the number \(number)" }

    private func send(_ numbers: Range<Int>, to ref: ActorRef<String>) {
        let memory = UnsafeMutableBufferPointer<String>.allocate(capacity: numbers.count)
        _ = memory.initialize(from: numbers.map(text))
        ref.target.send(moving: memory)
        memory.deallocate()
    }

    private func recorder(
        _ system: ActorSystem, _ log: Log<String>, mailbox: MailboxCapacity = .unbounded
    ) throws -> ActorRef<String> {
        try system.spawn(
            Behavior<String>.receive { _, text in
                log.append(text)
                return .same
            }, mailbox: mailbox)
    }

    @Test("keep their order among themselves and with others, and bring one turn", arguments: [false, true])
    func order(isIdle: Bool) throws {
        let system = manual.system()
        let log = Log<String>()
        manual.settle()
        let ref = try recorder(system, log)
        if isIdle { manual.settle() }
        send(0..<300, to: ref)
        #expect(manual.turnsDue == 1)
        ref.tell(text(300))
        send(301..<310, to: ref)
        #expect(ref.target.waiting == 310)
        #expect(manual.turnsDue == 1)
        manual.settle()
        #expect(log.all == (0..<310).map(text))
        #expect(system.losses.isEmpty)
    }

    @Test("are taken one by one by a mailbox with a bound, which counts those it has no room for")
    func bounded() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try recorder(system, log, mailbox: .bounded(5))
        manual.settle()
        send(0..<8, to: ref)
        manual.settle()
        #expect(log.all == (0..<5).map(text))
        #expect(system.losses.map(\.reason) == [.mailboxFull])
        #expect(system.losses.map(\.count) == [3])
    }

    @Test("become dead letters where the actor has stopped, or stops when it has handled those before")
    func stopped() throws {
        let system = manual.system()
        let log = Log<String>()
        let ref = try recorder(system, log)
        send(0..<2, to: ref)
        ref.target.stopAfterMailbox()
        send(2..<4, to: ref)
        manual.settle()
        send(4..<7, to: ref)
        #expect(log.all == (0..<2).map(text))
        #expect(system.losses.map(\.reason) == [.noSuchActor])
        #expect(system.losses.map(\.count) == [5])
    }
}
