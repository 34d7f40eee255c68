import Casty
import Synchronization
import Testing

/// What users know of whole systems of actors, with the library alone.
@Suite("Well-known behaviors of systems", .timeLimit(.minutes(10)))
struct SystemStories {
    private struct Oops: Error {}

    @Test("dead letters are sent to who subscribes to them, with the reason, until it ends")
    func deadLetters() async throws {
        let system = ActorSystem.local("letters")
        let (first, second) = (Inbox<LostMessage>(), Inbox<LostMessage>())
        let listener = try first.actor(in: system)
        let other = try second.actor(in: system, name: "other")
        // Twice is once.
        for ref in [listener, listener, other] { system.subscribeDeadLetters(ref) }
        let narrow = try system.spawn(Behavior<String>.empty, name: "narrow")
        narrow.tell("?")
        let loss = await first.first(1)[0]
        #expect(loss.reason == .unhandled && loss.target == narrow.description && loss.type == "String")
        let short = try system.spawn(Behavior<Int>.receive { _, _ in .stopped })
        for number in 0..<3 { short.tell(number) }
        let letters = await first.first(3).dropFirst()
        #expect(letters.allSatisfy { $0.reason == .noSuchActor && $0.type == "Int" })
        #expect(letters.allSatisfy { $0.target == short.description })
        system.unsubscribeDeadLetters(listener)
        short.tell(9)
        #expect(await second.first(4).count == 4)
        #expect(first.all.count == 3)
        // The end of a listener ends its subscription, and its own losses cause no further ones.
        system.stop(other)
        while (try? second.actor(in: system, name: "other")) == nil { try await Task.sleep(for: .milliseconds(1)) }
        short.tell(10)
        #expect(system.losses.map(\.count).reduce(0, +) == 5)
        #expect(second.all.count == 4)
        await system.terminate()
    }

    @Test("shutdown runs its phases in order, side by side within one, each within its limit")
    func shutdown() async throws {
        let system = ActorSystem.local("phases")
        let seen = Inbox<String>()
        let ref = try system.spawn(
            Behavior<Int>.receive({ _, _ in .same }) { _, signal in
                if case .postStop = signal { seen.put("actor") }
                return .same
            })
        let order: [ShutdownPhase] = [.beforeActorsStop]
        for phase in order {
            system.shutdown.add(phase, "quick") { seen.put("quick") }
            system.shutdown.add(phase, "failing") { throw Oops() }
            system.shutdown.add(phase, "endless", within: .milliseconds(50)) {
                // Noted where it is cancelled: the system may have ended before the work itself can go on.
                try await withTaskCancellationHandler {
                    try await Task.sleep(for: .seconds(1000))
                } onCancel: {
                    seen.put("cancelled")
                }
            }
            system.shutdown.add(phase, "removed") { seen.put("removed") }
            #expect(system.shutdown.remove(phase, "removed"))
            #expect(!system.shutdown.remove(phase, "removed"))
        }
        await system.terminate()
        let all = await seen.first(3)
        #expect(all.first == "quick" && all.sorted() == ["actor", "cancelled", "quick"])
        #expect(!system.shutdown.add(.beforeActorsStop, "late") {})
        #expect(!seen.all.contains("removed"))
        withExtendedLifetime(ref) {}
    }

    private struct Note: Codable, Sendable, Equatable {
        var text: String
        /// Not encoded, so it shows whether the message was.
        var isOriginal = true
        var replyTo: ActorRef<Note>?

        enum CodingKeys: CodingKey { case text, replyTo }

        init(text: String, replyTo: ActorRef<Note>? = nil) { (self.text, self.replyTo) = (text, replyTo) }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            text = try values.decode(String.self, forKey: .text)
            replyTo = try values.decodeIfPresent(ActorRef<Note>.self, forKey: .replyTo)
            isOriginal = false
        }
    }

    private struct Broken: Codable, Sendable {
        let replyTo: ActorRef<Int>

        init(replyTo: ActorRef<Int>) { self.replyTo = replyTo }

        init(from decoder: any Decoder) throws {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no"))
        }
    }

    @Test("local messages are encoded and decoded where that is asked for, questions and replies included")
    func encodedLocally() async throws {
        for encodes in [true, false] {
            let system = ActorSystem.local("coded", encodeLocalMessages: encodes)
            let seen = Inbox<Note>()
            let ref = try system.spawn(
                Behavior<Note>.receive { _, note in
                    seen.put(note)
                    note.replyTo?.tell(note)
                    return .same
                })
            ref.tell(Note(text: "plain"))
            let reply: Note = try await system.ask(ref) { Note(text: "asked", replyTo: $0) }
            #expect(reply.text == "asked")
            let all = await seen.first(2)
            #expect(all.map(\.isOriginal) == [!encodes, !encodes])
            // What is not Codable could not leave the node, and passes.
            let closures = Inbox<Int>()
            let other = try system.spawn(
                Behavior<@Sendable () -> Int>.receive { _, make in
                    closures.put(make())
                    return .same
                })
            other.tell { 7 }
            #expect(await closures.first(1) == [7])
            await system.terminate()
        }
    }

    @Test("a message that does not survive encoding is lost, and its asker learns why at once")
    func broken() async throws {
        let system = ActorSystem.local("coded", encodeLocalMessages: true)
        let ref = try system.spawn(Behavior<Broken>.ignore)
        do {
            let _: Int = try await system.ask(ref, within: .seconds(1000)) { Broken(replyTo: $0) }
            Issue.record("it was answered")
        } catch {
            #expect(error.code == .notDecodable)
        }
        #expect(system.losses.map(\.reason) == [.undecodable])
        await system.terminate()
    }

    @Test("asks leave nothing behind, whether they are answered or time out")
    func asks() async throws {
        let system = ActorSystem.local("asks")
        let echo = try system.spawn(
            Behavior<ActorRef<Int>>.stateful(0) { count, _, replyTo in
                count += 1
                if count % 10 != 0 { replyTo.tell(count) }
                return .same
            })
        let failures = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<5000 {
                group.addTask {
                    do {
                        let _: Int = try await system.ask(echo, within: .seconds(2)) { $0 }
                        return false
                    } catch let error as AskError where error.code == .timedOut { return true }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failures == 500)
        #expect(system.pendingAsks == 0)
        await system.terminate()
    }

    @Test("a full mailbox refuses: the messages are counted, and who asks learns it at once")
    func bounded() async throws {
        let system = ActorSystem.local("bounded")
        let gate = Inbox<Int>()
        let open = Mutex(false)
        let stuck = try system.spawn(
            Behavior<ActorRef<Int>?>.receiveAsync { context, _ in
                gate.put(0)
                while !open.withLock({ $0 }) { try await context.system.sleep(for: .milliseconds(20)) }
                return .same
            }, mailbox: .bounded(100))
        stuck.tell(nil)
        _ = await gate.first(1)
        for _ in 0..<100_000 { stuck.tell(nil) }
        #expect(system.losses.map(\.reason) == [.mailboxFull])
        #expect(system.losses.map(\.count) == [99_900])
        do {
            let _: Int = try await system.ask(stuck, within: .seconds(1000)) { $0 }
            Issue.record("it was answered")
        } catch {
            #expect(error.code == .mailboxFull)
        }
        open.withLock { $0 = true }
        #expect(await gate.first(101).count == 101)
        await system.terminate()
    }
}
