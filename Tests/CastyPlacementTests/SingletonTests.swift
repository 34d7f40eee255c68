import CastyCore
import Testing

@testable import CastyPlacement

private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }

/// Members n1, n2, … in the order of their age, each with a status; `nil` for one that is not there.
private func view(_ own: Int, _ statuses: PlacementStatus?..., unreachable: [Int] = []) -> PlacementView {
    PlacementView(
        own: node(own),
        members: statuses.enumerated().compactMap { index, status in
            status.map {
                PlacementMember(
                    node: node(index + 1), upNumber: index + 1, status: $0,
                    isReachable: !unreachable.contains(index + 1))
            }
        })
}

@Suite("The core of a singleton")
struct SingletonTests {
    private func member(_ number: Int, _ first: PlacementView) -> Singleton<String> {
        var singleton = Singleton<String>(own: node(number))
        _ = singleton.onView(first, at: at(0))
        return singleton
    }

    @Test("the oldest member runs it, the others forward its messages")
    func oldest() {
        var first = Singleton<String>(own: node(1))
        #expect(first.onRoute("early", at: at(0)) == [])
        #expect(
            first.onView(view(1, .up, .up), at: at(1)) == [.start(1), .note(.started(1)), .deliver("early", to: 1)])
        var second = member(2, view(2, .up, .up))
        #expect(second.onRoute("a", at: at(2)) == [.send(to: node(1), .deliver("a", hops: 1))])
        #expect(first.onMessage(.deliver("a", hops: 1), from: node(2), at: at(3)) == [.deliver("a", to: 1)])
    }

    @Test("what a node says that is no member waits for the news that it is one, and is refused then")
    func nonMember() {
        var first = member(1, view(1, .up))
        #expect(first.onMessage(.deliver("a", hops: 1), from: node(2), at: at(10)) == [])
        #expect(first.onMessage(.deliver("b", hops: 1), from: node(3), at: at(20)) == [])
        #expect(first.onView(view(1, .up, .joining), at: at(30)) == [.deliver("a", to: 1)])
        #expect(first.onWakeup(at: at(2019)) == [])
        #expect(first.onWakeup(at: at(2020)) == [.lost("b", .notMember)])
        let many = (0...256).flatMap { first.onMessage(.deliver("\($0)", hops: 1), from: node(4), at: at(3000)) }
        #expect(many == [.lost("256", .notMember)])
        #expect(first.onShutdown(at: at(3100)).count == 256)
    }

    @Test("a leaver stops it, sends what it left, and only then lets the next one start it")
    func leaving() {
        var first = member(1, view(1, .up, .up))
        var second = member(2, view(2, .up, .up))
        #expect(
            second.onView(view(2, .leaving, .up), at: at(10)) == [
                .note(.waiting(for: [node(1)], until: nil)), .send(to: node(1), .handOver),
            ])
        #expect(second.onRoute("b", at: at(11)) == [])
        #expect(first.onView(view(1, .leaving, .up), at: at(12)) == [.stop(1, .afterMailbox)])
        #expect(first.onMessage(.handOver, from: node(2), at: at(13)) == [])
        #expect(
            first.onEnded(1, failed: false, unhandled: ["a"], at: at(14)) == [
                .note(.stopped(1, forced: false)), .send(to: node(2), .deliver("a", hops: 1)),
                .send(to: node(2), .handedOver), .left,
            ])
        #expect(second.onMessage(.deliver("a", hops: 1), from: node(1), at: at(15)) == [])
        #expect(
            second.onMessage(.handedOver, from: node(1), at: at(16)) == [
                .start(1), .note(.started(1)), .deliver("b", to: 1), .deliver("a", to: 1),
            ])
    }

    @Test("an unanswered request is said again, and one who still holds itself to be the oldest does not give way")
    func asksAgain() {
        var second = member(2, view(2, .up, .up))
        _ = second.onView(view(2, .leaving, .up), at: at(10))
        #expect(second.wakeAt == at(260))
        #expect(second.onWakeup(at: at(260)) == [.send(to: node(1), .handOver)])
        var first = member(1, view(1, .up, .up))
        #expect(first.onMessage(.handOver, from: node(2), at: at(11)) == [])
        #expect(first.isRunning)
    }

    @Test("after a crash the next one waits for the removal, and then for the lease to end")
    func crash() {
        var second = member(2, view(2, .up, .up))
        #expect(second.onView(view(2, .up, .up, unreachable: [1]), at: at(100)) == [])
        #expect(second.onRoute("kept", at: at(101)) == [])
        #expect(
            second.onView(view(2, .down, .up), at: at(200)) == [.note(.waiting(for: [node(1)], until: nil))])
        #expect(second.onView(view(2, nil, .up), at: at(300)) == [])
        #expect(second.wakeAt == at(3300))
        #expect(
            second.onWakeup(at: at(3300)) == [.start(1), .note(.started(1)), .deliver("kept", to: 1)])
    }

    @Test("the word of one that was declared down is not taken")
    func downIsNotBelieved() {
        var second = member(2, view(2, .up, .up))
        _ = second.onView(view(2, .down, .up), at: at(200))
        #expect(second.onMessage(.handedOver, from: node(1), at: at(201)) == [])
        #expect(!second.isRunning)
    }

    @Test("without a lease it is held still, and goes on with its state when there is a new one")
    func lease() {
        var first = member(1, view(1, .up, .up))
        #expect(first.onLease(validUntil: at(100), at: at(50)) == [])
        #expect(first.wakeAt == at(100))
        #expect(first.onWakeup(at: at(100)) == [.note(.fenced), .pause(1)])
        #expect(first.wakeAt == at(350))
        #expect(first.onRoute("a", at: at(110)) == [])
        #expect(first.onWakeup(at: at(350)) == [])
        #expect(
            first.onLease(validUntil: at(500), at: at(360)) == [.note(.unfenced), .resume(1), .deliver("a", to: 1)])
        #expect(first.incarnations == 1)
    }

    @Test("a home that has had no lease yet looks for one, and starts when there is one")
    func leaseFromTheStart() {
        var first = Singleton<String>(own: node(1))
        _ = first.onLease(validUntil: .start, at: at(0))
        #expect(first.onView(view(1, .up, .up), at: at(10)) == [])
        #expect(first.wakeAt == at(260))
        #expect(first.onWakeup(at: at(260)) == [])
        #expect(first.wakeAt == at(510))
        #expect(first.onLease(validUntil: at(900), at: at(510)) == [.start(1), .note(.started(1))])
    }

    @Test(
        "held still, it ends when its node is down or leaves, with all that it has not handled",
        arguments: [
            PlacementStatus.down, .leaving,
        ])
    func leaseAndEnd(_ status: PlacementStatus) {
        var first = member(1, view(1, .up, .up))
        _ = first.onLease(validUntil: at(100), at: at(50))
        _ = first.onWakeup(at: at(100))
        _ = first.onRoute("b", at: at(110))
        #expect(first.onView(view(1, status, .up), at: at(120)) == [.stop(1, .now)])
        #expect(
            first.onEnded(1, failed: false, unhandled: ["a"], at: at(130)).starts(with: [
                .note(.stopped(1, forced: false)), .send(to: node(2), .deliver("a", hops: 1)),
                .send(to: node(2), .deliver("b", hops: 1)),
            ]))
    }

    @Test("one that ends by itself starts again after a while that doubles")
    func restart() {
        var first = member(1, view(1, .up))
        #expect(
            first.onEnded(1, failed: true, unhandled: [], at: at(10)).first
                == .note(.ended(1, failed: true, restartAt: at(210))))
        #expect(first.onWakeup(at: at(210)) == [.start(2), .note(.started(2))])
        #expect(
            first.onEnded(2, failed: true, unhandled: [], at: at(220)).first
                == .note(.ended(2, failed: true, restartAt: at(620))))
    }

    @Test("a bounded number of messages is buffered; later ones are lost, and reported")
    func bound() {
        var settings = SingletonSettings()
        settings.bufferLimit = 2
        var first = Singleton<String>(own: node(1), settings: settings)
        #expect(first.onRoute("a", at: at(0)) == [])
        #expect(first.onRoute("b", at: at(0)) == [])
        #expect(first.onRoute("c", at: at(0)) == [.lost("c", .bufferFull)])
        #expect(first.onShutdown(at: at(1)) == [.lost("a", .shutdown), .lost("b", .shutdown)])
        #expect(first.onRoute("d", at: at(2)) == [.lost("d", .shutdown)])
    }

    @Test("a message does not go round for ever where nodes disagree about who is the oldest")
    func hops() {
        var second = member(2, view(2, .up, .up))
        // It came from the node that this one holds to be the oldest: it waits until one of the two hears the news.
        #expect(second.onMessage(.deliver("a", hops: 1), from: node(1), at: at(1)) == [])
        #expect(second.buffered == 1)
        var third = member(3, view(3, .up, .up, .up))
        #expect(third.onMessage(.deliver("b", hops: 4), from: node(2), at: at(1)) == [.lost("b", .wrongHome)])
    }

    @Test("a member without the role passes messages on and never runs it")
    func role() {
        var settings = SingletonSettings()
        settings.role = "backend"
        var first = Singleton<String>(own: node(1), settings: settings)
        let members = [
            PlacementMember(node: node(1), upNumber: 1),
            PlacementMember(node: node(2), upNumber: 2, roles: ["backend"]),
        ]
        #expect(first.onView(PlacementView(own: node(1), members: members), at: at(0)) == [])
        #expect(first.onRoute("a", at: at(1)) == [.send(to: node(2), .deliver("a", hops: 1))])
        var second = Singleton<String>(own: node(2), settings: settings)
        #expect(second.onView(PlacementView(own: node(2), members: members), at: at(0)).contains(.start(1)))
    }

    @Test(
        "questions fail where no member can run it, those that wait are buffered, and so are tells",
        .enabled(if: PlacementMutation.areCompiledIn, "swift test --traits Mutations"))
    func noHost() {
        var settings = SingletonSettings()
        settings.role = "backend"
        var second = Singleton<String>(own: node(2), settings: settings)
        #expect(second.onRoute("early", asks: .waitForNewHome, at: at(0)) == [])
        let cause = Unavailability.noNodeWithRole("backend")
        #expect(second.onView(view(2, .up, .up), at: at(1)) == [.refused("early", cause)])
        #expect(second.onRoute("asked", asks: .failFast, at: at(2)) == [.refused("asked", cause)])
        #expect(second.onRoute("waits", asks: .waitForNewNode, at: at(2)) == [])
        #expect(second.onRoute("reported", at: at(2)) == [])
        #expect(second.buffered == 2)
        settings.mutations = [.hidesFromAskers]
        var hiding = Singleton<String>(own: node(2), settings: settings)
        _ = hiding.onView(view(2, .up, .up), at: at(1))
        #expect(hiding.onRoute("asked", asks: .failFast, at: at(2)) == [])
    }

    @Test("a question that does not wait fails while its home is unreachable, or waits for a lease")
    func failFast() {
        var third = member(3, view(3, .up, .up, .up))
        _ = third.onView(view(3, .up, .up, .up, unreachable: [1]), at: at(5))
        #expect(third.onRoute("waits", asks: .waitForNewHome, at: at(6)) == [])
        #expect(
            third.onRoute("hurries", asks: .failFast, at: at(6)) == [
                .refused("hurries", .nodeUnreachable(node(1).address))
            ])
        #expect(
            third.onView(view(3, nil, .up, .up), at: at(7)) == [
                .send(to: node(2), .deliver("waits", hops: 1, asks: .waitForNewHome))
            ])
        var second = member(2, view(2, .up, .up, .up))
        _ = second.onView(view(2, .down, .up, .up, unreachable: [1]), at: at(5))
        _ = second.onView(view(2, nil, .up, .up), at: at(6))
        #expect(
            second.onMessage(.deliver("late", hops: 1, asks: .failFast), from: node(3), at: at(7)).contains(
                .refused("late", .waitsForLease)))
    }
}
