import CastyCore
import Testing

@testable import CastyActors

/// The children of one actor.
@Suite struct FamilyTests {
    private let manual = ManualWorld()

    @Test("children without names of their own are found, listed by age and forgotten, and their slots used again")
    func anonymous() throws {
        let system = manual.system()
        func child() throws -> ActorRef<Int> { try system.spawn(Behavior<Int>.receive { _, _ in .stopped }) }
        let first = try (0..<100).map { _ in try child() }
        let user = try #require(first[0].target.parent)
        #expect(first[9].target.name == "$a" && first[36].target.name == "$11")
        #expect(user.livingChildren.map(\.name) == first.map(\.target.name))
        #expect(user.child(named: "$a") === first[9].target)
        #expect(user.child(named: "$zz") == nil && user.child(named: "$") == nil)

        for index in stride(from: 0, to: 100, by: 2) { first[index].tell(1) }
        manual.settle()
        #expect(user.livingChildren.count == 50)
        #expect(user.child(named: first[0].target.name) == nil)

        let second = try (0..<50).map { _ in try child() }
        #expect(second.allSatisfy { $0.target.familySlot < 100 })
        #expect(Set((first + second).map(\.target.name)).count == 150)
        let survivors = stride(from: 1, to: 100, by: 2).map { first[$0] }
        #expect(user.livingChildren.map(\.name) == (survivors + second).map(\.target.name))
        #expect(user.someChildren(7).count == 7)

        for ref in survivors + second { ref.tell(1) }
        manual.settle()
        #expect(user.livingChildren.isEmpty)
        #expect(try child().target.familySlot == 0)
        system.abandon()
    }

    @Test("children with names are found by them, beside the others, and a name is free again after its actor")
    func named() throws {
        let system = manual.system()
        let named = try system.spawn(Behavior<Int>.receive { _, _ in .stopped }, name: "till")
        let other = try system.spawn(Behavior<Int>.ignore)
        let user = try #require(named.target.parent)
        #expect(user.child(named: "till") === named.target)
        #expect(user.livingChildren.map(\.name) == ["till", other.target.name])
        #expect(throws: SpawnError.self) { try system.spawn(Behavior<Int>.ignore, name: "till") }
        named.tell(1)
        manual.settle()
        #expect(user.livingChildren.map(\.name) == [other.target.name])
        let again = try system.spawn(Behavior<Int>.ignore, name: "till")
        #expect(user.child(named: "till") === again.target)
        system.abandon()
    }
}
