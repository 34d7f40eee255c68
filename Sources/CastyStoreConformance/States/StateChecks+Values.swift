import CastySharding

extension StateChecks {
    func latest() async throws {
        let store = try await open()
        try await expect(entity("s-1"), by: store, is: nil, "an entity that was never saved")
        try await store.save([1], for: entity("s-1"), fence: token(1))
        try await store.save([1, 2], for: entity("s-1"), fence: token(1))
        try await expect(entity("s-1"), by: store, is: [1, 2], "the second state of an entity")
        try await store.save([9], for: entity("s-1", "cart"), fence: token(1))
        try await store.save([8], for: entity("s-2"), fence: token(1))
        try await expect(entity("s-1"), by: store, is: [1, 2], "an entity beside one of another type with its id")
        try await expect(entity("s-1", "cart"), by: store, is: [9], "an entity of another type")
        try await expect(entity("s-2"), by: store, is: [8], "a second entity of the type")
    }

    func anyBytes() async throws {
        let store = try await open()
        let ids = ["ü \u{0}\n'", "", "a", "a\u{0}", "a\u{0}b", "A", "a/../b", "%00", "\"; --"]
        for (number, id) in ids.enumerated() {
            try await store.save([UInt8(number)], for: entity(id), fence: token(1))
        }
        for (number, id) in ids.enumerated() {
            try await expect(
                entity(id), by: store, is: [UInt8(number)], "the entity with the id \(id.debugDescription)")
        }
        try await store.save([], for: entity("s-empty"), fence: token(1))
        try await expect(entity("s-empty"), by: store, is: [], "an empty state")
        let large = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await store.save(large, for: entity("s-large"), fence: token(1))
        try await expect(entity("s-large"), by: store, is: large, "a state of a mebibyte")
    }

    func deletes() async throws {
        let store = try await open()
        try await store.delete(entity("d-none"), fence: token(1))
        try await store.save([1], for: entity("d-1"), fence: token(1))
        try await store.save([2], for: entity("d-2"), fence: token(1))
        try await store.delete(entity("d-1"), fence: token(1))
        try await expect(entity("d-1"), by: store, is: nil, "a deleted entity")
        try await expect(entity("d-2"), by: store, is: [2], "an entity beside a deleted one")
        try await store.delete(entity("d-1"), fence: token(1))
        try await store.save([3], for: entity("d-1"), fence: token(1))
        try await expect(entity("d-1"), by: store, is: [3], "an entity that was saved after it had been deleted")
        // The next owner deletes what the former one has saved.
        let other = try await open()
        try await other.delete(entity("d-1"), fence: token(2))
        try await expect(
            entity("d-1"), by: store, is: nil, "an entity that the next owner has deleted", fence: token(2))
    }

    /// The number of shards of a type changes; a node that has the former number is an owner of the past.
    func layouts() async throws {
        let (former, latter) = (try await open(), try await open())
        let (old, new) = (entity("l-1", "laid", of: 4), entity("l-1", "laid", of: 6))
        try await former.save([1], for: old, fence: token(1))
        findings.expect(
            "a state after a change of the number of shards",
            try await latter.load(new, fence: token(1, upNumber: 2)), is: [1])
        try await findings.expectRefusal(.stale, "a save with the former number of shards") {
            try await former.save([2], for: old, fence: token(2))
        }
        try await latter.save([3], for: new, fence: token(1, upNumber: 2))
        try await expect(
            new, by: former, is: [3], "a state that was saved with the new number of shards",
            fence: token(1, upNumber: 2))
    }
}
