import CastyActors
import CastyCore
import CastySerialization
import Dispatch
import Glibc
import Testing

@testable import CastyRemoting

/// Turns that run on the thread which reads their messages, over real TCP.
@Suite(.timeLimit(.minutes(10)))
struct ReadingThreadTests {
    @Test("Messages keep their order and none is lost, while turns move between the reading thread and the workers")
    func order() async throws {
        let world = try await LiveTestWorld()
        let (a, b) = (try await world.start(1), try await world.start(2))
        let (got, echoed) = (Record<Int>(), Record<Int>())
        let back = try a.system.spawn(Stories.collector(echoed), name: "back")
        let receiver = try b.system.spawn(
            Behavior<Question>.receive { _, question in
                got.add(question.number)
                // Now and then a turn takes long, so that the workers take the next ones.
                if question.number % 1500 == 0 { usleep(3000) }
                question.replyTo.tell(question.number)
                return .same
            }, name: "receiver")
        let remote = a.reference(to: receiver)
        for number in 1...200 {
            remote.tell(Question(number: number, replyTo: back))
            #expect(await world.wait { echoed.count == number })
        }
        for number in 201...6000 { remote.tell(Question(number: number, replyTo: back)) }
        #expect(await world.wait { echoed.count == 6000 })
        #expect(got.all == Array(1...6000))
        #expect(echoed.all == Array(1...6000))
        #expect(a.system.losses.isEmpty && b.system.losses.isEmpty)
        await world.end()
    }

    @Test("A handler that blocks on the reading thread delays no control message, and no other actor for long")
    func blocking() async throws {
        let world = try await LiveTestWorld()
        let (a, b) = (try await world.start(1), try await world.start(2))
        let isFree = DispatchSemaphore(value: 0)
        let (handled, control, blocked) = (Record<Int>(), Record<Int>(), Record<Int>())
        let receiver = try b.system.spawn(
            Behavior<Int>.receive { _, number in
                if number == 0 {
                    blocked.add(1)
                    isFree.wait()
                }
                handled.add(number)
                return .same
            }, name: "receiver")
        _ = try b.system.spawnSystem(Stories.collector(control), name: "r")
        let remote = a.reference(to: receiver)
        for number in 1...100 {
            remote.tell(number)
            #expect(await world.wait { handled.count == number })
        }
        remote.tell(0)
        #expect(await world.wait { blocked.count == 1 })
        let system = a.published(["system", "r"], at: b.address, as: Int.self)
        for number in 1...100 {
            system.tell(number)
            #expect(await world.wait { control.count == number })
        }
        #expect(handled.count == 100)
        isFree.signal()
        #expect(await world.wait { handled.count == 101 })
        // The actor goes on, on the workers at first.
        remote.tell(7)
        #expect(await world.wait { handled.all.last == 7 })
        await world.end()
    }

    @Test("What a turn that gathers its writes has sent leaves when the turn ends, in order, to each node")
    func gathering() async throws {
        let world = try await LiveTestWorld()
        let (a, b, c) = (try await world.start(1), try await world.start(2), try await world.start(3))
        let (atB, atC) = (Record<Int>(), Record<Int>())
        let remotes = [
            a.reference(to: try b.system.spawn(Stories.collector(atB), name: "collector")),
            a.reference(to: try c.system.spawn(Stories.collector(atC), name: "collector")),
        ]
        let forwarder = try a.system.spawn(
            Behavior<Int>.receive { _, number in
                for remote in remotes { remote.tell(number) }
                return .same
            }, name: "forwarder")
        #expect(!forwarder.target.gathersWrites)
        forwarder.target.gatherWrites()
        #expect(forwarder.target.gathersWrites)
        // Alone in a turn, so that nothing later makes up for a write that was not requested.
        for number in 1...100 {
            forwarder.tell(number)
            #expect(await world.wait { atB.count == number && atC.count == number })
        }
        for number in 101...5000 { forwarder.tell(number) }
        #expect(await world.wait { atB.count == 5000 && atC.count == 5000 })
        #expect(atB.all == Array(1...5000))
        #expect(atC.all == Array(1...5000))
        #expect(a.system.losses.isEmpty)
        await world.end()
    }
}
