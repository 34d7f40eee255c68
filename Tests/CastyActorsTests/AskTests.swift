import CastyCore
import CastyObservability
import Synchronization
import Testing

@testable import CastyActors

@Suite struct AskTests {
    enum Question: Sendable {
        case double(Int, replyTo: ActorRef<Int>)
        case twice(Int, replyTo: ActorRef<Int>)
        case silence(replyTo: ActorRef<Int>)
        case stop
        case explode([String: [(Int, ActorRef<Int>?)]])
    }

    struct Explosion: Error {}

    let manual = ManualWorld()

    private func responder(_ system: ActorSystem, mailbox: MailboxCapacity = .unbounded) throws -> ActorRef<Question> {
        try system.spawn(
            Behavior<Question>.receive { _, question in
                switch question {
                case .double(let number, let replyTo): replyTo.tell(number * 2)
                case .twice(let number, let replyTo):
                    replyTo.tell(number)
                    replyTo.tell(number)
                case .silence: break
                case .stop: return .stopped
                case .explode: throw Explosion()
                }
                return .same
            }, mailbox: mailbox)
    }

    private func ask(
        _ system: ActorSystem, _ ref: ActorRef<Question>, _ log: Log<String>,
        _ question: (ActorRef<Int>) -> Question
    ) -> @Sendable () -> Void {
        system.ask(ref, within: .seconds(1), question) { (result: Result<Int, AskError>) in
            switch result {
            case .success(let number): log.append("\(number)")
            case .failure(let error): log.append(error.code.rawValue)
            }
        }
    }

    @Test("an ask is answered once; a second reply is a late one")
    func answers() throws {
        let system = manual.system()
        let ref = try responder(system)
        let log = Log<String>()
        _ = ask(system, ref, log) { .double(21, replyTo: $0) }
        _ = ask(system, ref, log) { .twice(7, replyTo: $0) }
        manual.advance(by: .seconds(5))
        #expect(log.all == ["42", "7"])
        #expect(system.losses.map(\.reason) == [.lateReply])
        #expect(system.losses.map(\.lossClass) == [.reply])
        #expect(system.snapshot().actors.asksPending == 0)
    }

    @Test("an ask whose handler throws fails at once, wherever in the message the reference stands")
    func handlerThrows() throws {
        let system = manual.system()
        let ref = try responder(system)
        let log = Log<String>()
        _ = ask(system, ref, log) { .explode(["a": [(1, nil), (2, $0)]]) }
        manual.advance(by: .milliseconds(1))
        #expect(log.all == ["failed"])
        #expect(system.snapshot().actors.asksPending == 0)
    }

    @Test("an ask fails with what happened, and leaves nothing behind")
    func failures() throws {
        let system = manual.system()
        let ref = try responder(system)
        let log = Log<String>()
        _ = ask(system, ref, log) { .silence(replyTo: $0) }
        manual.advance(by: .seconds(2))
        #expect(log.all == ["timed out"])
        let giveUp = ask(system, ref, log) { .silence(replyTo: $0) }
        giveUp()
        giveUp()
        #expect(log.all == ["timed out", "cancelled"])
        ref.tell(.stop)
        _ = ask(system, ref, log) { .double(1, replyTo: $0) }
        manual.settle()
        #expect(log.all.last == "no such actor")
        _ = ask(system, ref, log) { .double(1, replyTo: $0) }
        #expect(log.all.count == 4)
        #expect(log.all.last == "no such actor")
        let full = try responder(system, mailbox: .bounded(1))
        full.tell(.silence(replyTo: ActorRef(full.address, in: system)))
        _ = ask(system, full, log) { .double(1, replyTo: $0) }
        #expect(log.all.last == "mailbox full")
        #expect(system.snapshot().actors.asksPending == 0)
    }

    @Test("a reference to what has ended is not kept for other nodes")
    func references() throws {
        let system = manual.system()
        let ref = try responder(system)
        let reply = Log<ActorRef<Int>>()
        let giveUp = ask(system, ref, Log()) { replyTo in
            reply.append(replyTo)
            return .silence(replyTo: replyTo)
        }
        let waiting = try #require(reply.all.first)
        waiting.target.willTravel()
        #expect(isFound(waiting, in: system))
        giveUp()
        #expect(!isFound(waiting, in: system))
        waiting.target.willTravel()
        #expect(!isFound(waiting, in: system))
        ref.target.willTravel()
        #expect(isFound(ref, in: system))
        ref.tell(.stop)
        manual.settle()
        ref.target.willTravel()
        #expect(!isFound(ref, in: system))
    }

    private func isFound<Message: Sendable>(_ ref: ActorRef<Message>, in system: ActorSystem) -> Bool {
        if case .found = system.find(path: ref.address.path, uid: ref.address.uid) { true } else { false }
    }

    @Test("a question handed on before its receiver stops is still answered")
    func handedOn() throws {
        let system = manual.system()
        let log = Log<String>()
        let worker = try responder(system)
        let front = try system.spawn(
            Behavior<Question>.receive { _, question in
                worker.tell(question)
                return .stopped
            })
        _ = ask(system, front, log) { .double(4, replyTo: $0) }
        manual.settle()
        #expect(log.all == ["8"])
    }

    @Test("an actor asks another and hears the outcome as a message of its own")
    func fromActor() throws {
        let system = manual.system()
        let ref = try responder(system)
        let log = Log<String>()
        _ = try system.spawn(
            Behavior<String>.setup { context in
                context.ask(ref, within: .seconds(1), { .double(4, replyTo: $0) }, { "\((try? $0.get()) ?? -1)" })
                return .receive { _, text in
                    log.append(text); return .same
                }
            })
        manual.settle()
        #expect(log.all == ["8"])
    }

    @Test("an adapter turns another actor's messages into one's own, and ends with its owner")
    func adapter() throws {
        let system = manual.system()
        let ref = try responder(system)
        let log = Log<String>()
        let owner = try system.spawn(
            Behavior<String>.setup { context in
                let adapter = context.messageAdapter { (number: Int) in "got \(number)" }
                ref.tell(.double(5, replyTo: adapter))
                return .receive { _, text in
                    log.append(text); return .stopped
                }
            })
        manual.settle()
        #expect(log.all == ["got 10"])
        owner.tell("late")
        #expect(system.losses.map(\.count) == [1])
    }

    @Test("an actor has one adapter for each type, which converts with the latest function")
    func oneAdapter() throws {
        let system = manual.system()
        let log = Log<String>()
        let adapters = Log<ActorRef<Int>>()
        let owner = try system.spawn(
            Behavior<String>.receive { context, text in
                if text == "make" {
                    for number in 0..<1000 {
                        adapters.append(context.messageAdapter { (got: Int) in "\(number): \(got)" })
                    }
                    for adapter in adapters.all { adapter.target.willTravel() }
                } else {
                    log.append(text)
                }
                return .same
            })
        owner.tell("make")
        manual.settle()
        #expect(Set(adapters.all).count == 1)
        #expect(system.state.withLock { $0.exposed.count } == 1)
        adapters.all[0].tell(5)
        manual.settle()
        #expect(log.all == ["999: 5"])
        system.stop(owner)
        manual.settle()
        #expect(system.state.withLock { $0.exposed.isEmpty })
    }

    @Test("an ask of a system that has ended fails at once, and leaves nothing behind")
    func askAfterTheEnd() throws {
        let system = manual.system()
        let ref = try responder(system)
        manual.settle()
        let log = Log<String>()
        system.terminate {}
        manual.settle()
        _ = ask(system, ref, log) { .double(1, replyTo: $0) }
        #expect(log.all.count == 1 && log.all[0].contains("shutting down"))
        #expect(system.pendingAsks == 0 && system.state.withLock { $0.exposed.isEmpty })
    }

    @Test(
        "a question that was sent as a tell, and waits when its actor stops, fails for the one that waits for the reply"
    )
    func toldQuestion() throws {
        let system = manual.system()
        let responder = try responder(system)
        let proxy = try system.spawn(
            Behavior<Question>.receive { _, question in
                responder.tell(.stop)
                responder.tell(question)
                return .same
            })
        let log = Log<String>()
        _ = ask(system, proxy, log) { .double(1, replyTo: $0) }
        manual.settle()
        #expect(log.all.count == 1 && log.all[0].contains("no such actor"))
    }

    @Test("a question that went to another node and came back does not end with that node")
    func cameBack() throws {
        let system = manual.system()
        let there = NodeAddress(host: "10.0.0.9", port: 1)
        let log = Log<String>()
        let proxy = try system.spawn(
            Behavior<Question>.receive { _, question in
                guard case .twice(let number, let replyTo) = question else { return .same }
                replyTo.target.questionLeft(for: there)
                if number > 0 { Questions.cameBack(in: question) }
                return .same
            })
        _ = ask(system, proxy, log) { .twice(1, replyTo: $0) }
        _ = ask(system, proxy, log) { .twice(0, replyTo: $0) }
        manual.advance(by: .milliseconds(1))
        system.failAsks(to: there)
        #expect(log.all == ["node removed"])
        manual.advance(by: .seconds(5))
        #expect(log.all == ["node removed", "timed out"])
    }

    @Test("an asker gets the cause why its question will not be answered, and the node it is about")
    func cause() throws {
        let system = manual.system()
        let node = NodeAddress(host: "10.0.0.9", port: 1)
        let proxy = try system.spawn(
            Behavior<Question>.receive { _, question in
                Questions.fail(in: question, .unreachable, "silence", cause: .nodeUnreachable(node))
                return .same
            })
        let errors = Log<AskError>()
        system.ask(proxy, within: .seconds(1), { .silence(replyTo: $0) }) { (result: Result<Int, AskError>) in
            if case .failure(let error) = result { errors.append(error.about(type: "cart", entity: "cart-7")) }
        }
        manual.advance(by: .milliseconds(1))
        let error = try #require(errors.all.first)
        #expect(error.code == .unreachable && error.cause == .nodeUnreachable(node) && error.node == node)
        #expect(error.type == "cart" && error.entity == "cart-7")
        #expect(error.description == "asking cart cart-7: node unreachable: silence")
    }
}

extension ActorRef {
    /// A reference that leads nowhere.
    init(_ address: ActorAddress, in system: ActorSystem) {
        self = system.reference(
            to: ActorAddress(system: "test", node: address.node, path: ["missing"], uid: 1), as: Message.self)
    }
}
