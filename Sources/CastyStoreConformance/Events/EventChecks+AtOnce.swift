import CastySharding

extension EventChecks {
    /// A former owner appends while the next one reads: one of them must notice the other.
    func races() async throws {
        let (first, second) = (try await open(), try await open())
        for round in UInt64(0)..<40 {
            let key = entity("r-\(round)", "raced-events")
            let (early, late) = (token(2 * round + 1), token(2 * round + 2))
            try await first.append([record(0)], after: 0, for: key, fence: early)
            async let appended = succeeds {
                try await first.append([record(1), record(2)], after: 1, for: key, fence: early)
            }
            await giveWay(round)
            let read = try await all(second, key, late)
            let isAppended = await appended
            if isAppended { findings.expect("round \(round): events after an append that counts", read.last, is: 3) }
            if ![1, 3].contains(read.last) {
                findings.add("round \(round): expected a batch as a whole or none of it, found \(read.payloads)")
            }
            // Whatever the former owner has written, the next one's event is the one that counts.
            try await second.append([record(9)], after: read.last, for: key, fence: late)
            let after = try await all(open(), key, late)
            findings.expect("round \(round): events after the next owner's", after.payloads, is: read.payloads + [[9]])
            let seen = try await delivered(first, .entity(key.id, type: key.type))
            findings.expect("round \(round): what a query delivers", seen.map(\.record.payload), is: after.payloads)
        }
    }

    /// Each appends to an entity of its own; twice, the second time on a store that exists.
    func openers() async throws {
        for round in UInt64(1)...2 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in UInt8(0)..<8 {
                    group.addTask {
                        let (store, key) = (try await open(), entity("o-\(number)", "opened-events"))
                        for step in UInt64(0)..<4 {
                            let records = [record(number), record(UInt8(step))]
                            try await store.append(
                                records, after: (round - 1) * 8 + 2 * step, for: key, fence: token(round))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let reader = try await open()
            let seen = try await delivered(reader, EventFilter(type: "opened-events"))
            for number in UInt8(0)..<8 {
                let key = entity("o-\(number)", "opened-events")
                let expected = (0..<round).flatMap { _ in (UInt8(0)..<4).flatMap { [[number], [$0]] } }
                let read = try await all(reader, key, token(round))
                findings.expect("round \(round): the events of opener \(number)", read.payloads, is: expected)
                let delivered = seen.filter { $0.entity == key.id }.map(\.record.payload)
                findings.expect("round \(round): what a query delivers of opener \(number)", delivered, is: expected)
            }
        }
    }
}
