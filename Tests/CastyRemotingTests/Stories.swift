import CastyActors
import CastyCore
import CastyObservability
import CastyRemoting
import Synchronization
import Testing

/// Stories that are true in both worlds.
enum Stories {
    static func tellCrossesNodes(_ world: some TestWorld) async throws {
        let (a, b) = (try await world.start(1), try await world.start(2))
        let got = Record<Int>()
        let receiver = try b.system.spawn(collector(got), name: "receiver")
        let remote = a.reference(to: receiver)
        for number in 1...1000 { remote.tell(number) }
        #expect(await world.wait { got.count >= 1000 })
        #expect(got.all == Array(1...1000))
        #expect(a.system.losses.isEmpty && b.system.losses.isEmpty)
    }

    static func replyTravelsBack(_ world: some TestWorld) async throws {
        let (a, b) = (try await world.start(1), try await world.start(2))
        let server = try b.system.spawn(
            Behavior<Question>.receive { _, question in
                question.replyTo.tell(question.number * 2)
                return .same
            }, name: "server")
        let remote = a.reference(to: server)
        let answers = Record<Int>()
        let client = try a.system.spawn(collector(answers), name: "client")
        for number in 1...100 { remote.tell(Question(number: number, replyTo: client)) }
        let asked = Record<Int>()
        a.system.ask(remote, within: .seconds(10), { Question(number: 21, replyTo: $0) }) { result in
            asked.add((try? result.get()) ?? -1)
        }
        #expect(await world.wait { answers.count >= 100 && asked.count >= 1 })
        #expect(answers.all == (1...100).map { $0 * 2 })
        #expect(asked.all == [42])
    }

    static func bothDialAtOnce(_ world: some TestWorld) async throws {
        let (a, b) = (try await world.start(1), try await world.start(2))
        let (atA, atB) = (Record<Int>(), Record<Int>())
        let (ra, rb) = (try a.system.spawn(collector(atA), name: "r"), try b.system.spawn(collector(atB), name: "r"))
        let (toA, toB) = (b.reference(to: ra), a.reference(to: rb))
        for number in 1...50 {
            toA.tell(number)
            toB.tell(number)
        }
        #expect(await world.wait { atA.count >= 50 && atB.count >= 50 })
        #expect(atA.all == Array(1...50) && atB.all == Array(1...50))
        #expect(a.remoting.snapshots.map(\.state) == [.active] && b.remoting.snapshots.map(\.state) == [.active])
        #expect(a.remoting.snapshots.map(\.reconnects) == [0] && b.remoting.snapshots.map(\.reconnects) == [0])
    }

    static func probeConnectionsAreAnswered(_ world: some TestWorld) async throws {
        let (a, b) = (try await world.start(1), try await world.start(2))
        let (got, answers) = (Record<Int>(), Record<String>())
        let remote = a.reference(to: try b.system.spawn(collector(got), name: "r"))
        remote.tell(1)
        #expect(await world.wait { got.count == 1 })
        func service(_ node: TestNode) -> ActorAddress {
            ActorAddress(system: node.system.name, node: node.address, path: ["system", "service"], uid: 0)
        }
        let there = service(a)
        _ = try b.system.spawnSystem(
            Behavior<String>.receive { _, question in
                b.remoting.answer(a.system.unique, at: there, question + "!")
                return .same
            }, name: "service")
        _ = try a.system.spawnSystem(collector(answers), name: "service")
        for number in 1...10 {
            a.remoting.probeConnection(b.system.unique, at: service(b), "\(number)")
            #expect(await world.wait { answers.count == number })
        }
        remote.tell(2)
        #expect(await world.wait { got.count == 2 })
        #expect(answers.all == (1...10).map { "\($0)!" })
        #expect(a.remoting.snapshots.map(\.reconnects) == [0] && b.remoting.snapshots.map(\.reconnects) == [0])
    }

    static func watchersHearOfTheEnd(_ world: some TestWorld) async throws {
        let (a, b) = (try await world.start(1), try await world.start(2))
        let watched = try b.system.spawn(
            Behavior<Int>.receive { _, number in number == 0 ? .stopped : .same }, name: "watched")
        let remote = a.reference(to: watched)
        let ends = Record<String>()
        _ = try a.system.spawn(watcher(of: remote, ends), name: "watcher")
        // The watch has arrived when it is acknowledged.
        #expect(await world.wait { a.remoting.isConnected(b.address) && a.waitingSignals(for: b.address) == 0 })
        remote.tell(0)
        #expect(await world.wait { ends.count >= 1 })
        #expect(ends.all == ["watched stopped"])
        // A watch of one that has ended already is answered too.
        _ = try a.system.spawn(watcher(of: remote, ends), name: "late")
        #expect(await world.wait { ends.count >= 2 })
        #expect(ends.all.last == "watched no such actor")
    }

    /// What was meant for an actor of a process that ended never reaches one of its successor at the same place.
    static func successorGetsNothingOfTheFormer(_ world: some TestWorld) async throws {
        let (a, b) = (try await world.start(1), try await world.start(2))
        let (before, after) = (Record<Int>(), Record<Int>())
        let remote = a.reference(to: try b.system.spawn(collector(before), name: "receiver"))
        let ends = Record<String>()
        _ = try a.system.spawn(watcher(of: remote, ends), name: "watcher")
        remote.tell(1)
        #expect(await world.wait { before.count >= 1 && a.remoting.isConnected(b.address) })
        b.kill()
        #expect(await world.wait { !a.remoting.isConnected(b.address) })
        let second = try await world.start(2)
        let successor = try second.system.spawn(collector(after), name: "receiver")
        for number in 2...20 { remote.tell(number) }
        #expect(await world.wait { a.lost(.wrongIncarnation) + second.lost(.wrongIncarnation) >= 19 })
        #expect(await world.wait { ends.count >= 1 })
        #expect(ends.all == ["receiver node removed"])
        #expect(a.remoting.incarnation(at: second.address) == second.system.unique)
        a.reference(to: successor).tell(99)
        #expect(await world.wait { after.count >= 1 })
        #expect(after.all == [99])
        #expect(before.all == [1])
    }

    static func endFlushesWhatWaits(_ world: some TestWorld) async throws {
        let (a, b) = (try await world.start(1), try await world.start(2))
        let (got, ended) = (Record<Int>(), Record<Bool>())
        let remote = a.reference(to: try b.system.spawn(collector(got), name: "receiver"))
        remote.tell(0)
        #expect(await world.wait { got.count >= 1 })
        for number in 1...5000 { remote.tell(number) }
        a.system.terminate { ended.add(true) }
        #expect(await world.wait { ended.count >= 1 && got.count >= 5001 })
        #expect(got.all == Array(0...5000))
        #expect(a.system.losses.isEmpty)
        #expect(await world.wait { !b.remoting.isConnected(a.address) })
    }

    static func collector<Element: Sendable>(_ record: Record<Element>) -> Behavior<Element> {
        .receive { _, element in
            record.add(element)
            return .same
        }
    }

    static func watcher(of ref: ActorRef<Int>, _ ends: Record<String>) -> Behavior<Int> {
        .setup { context in
            context.watch(ref)
            return .receive(
                { _, _ in .same },
                onSignal: { _, signal in
                    if case .terminated(let news) = signal {
                        ends.add("\(news.ref.address.path.last ?? "") \(news.reason.rawValue)")
                    }
                    return .same
                })
        }
    }
}
