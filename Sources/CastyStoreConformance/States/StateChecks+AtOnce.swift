import CastySharding

extension StateChecks {
    func manyAtOnce() async throws {
        let store = try await open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    for step in UInt8(0)..<10 {
                        try await store.save([step], for: entity("m-\(number)", "many", of: 8), fence: token(1))
                    }
                }
            }
            try await group.waitForAll()
        }
        let reader = try await open()
        for number in 0..<64 {
            let state = try await reader.load(entity("m-\(number)", "many", of: 8), fence: token(1))
            findings.expect("m-\(number) after saves of many at once", state, is: [9])
        }
    }

    /// A former owner saves while the next one loads: one of them must notice the other.
    func races() async throws {
        let (first, second) = (try await open(), try await open())
        for round in UInt64(0)..<60 {
            let key = entity("r-\(round)", "raced")
            try await first.save([0], for: key, fence: token(2 * round + 1))
            async let saved = ending { try await first.save([1], for: key, fence: token(2 * round + 1)) }
            await giveWay(round)
            let loaded = try await second.load(key, fence: token(2 * round + 2))
            let ending = await saved
            let after = try await second.load(key, fence: token(2 * round + 2))
            if ending == .made {
                findings.expect("round \(round): what the next owner reads of a save that counts", loaded, is: [1])
            }
            // What was refused for certain never comes, and what was read once does not go.
            if ending == .refused || loaded == [1] {
                findings.expect("round \(round): what the next owner reads again", after, is: loaded)
            }
        }
    }

    /// Twice, the second time on a store that exists; each writes shards of its own and one that all have in turn.
    func openers() async throws {
        for round in UInt64(1)...2 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in UInt8(0)..<8 {
                    group.addTask {
                        let store = try await open()
                        for step in UInt8(0)..<4 {
                            let state = [UInt8(round), number, step]
                            try await store.save(state, for: entity("o", "opened-\(number)"), fence: token(round))
                        }
                        // All of them have the same shard and token here, and entities of their own.
                        let key = entity("o-\(number)", "opened")
                        try await store.save([UInt8(round), number], for: key, fence: token(round))
                    }
                }
                try await group.waitForAll()
            }
            let reader = try await open()
            for number in UInt8(0)..<8 {
                findings.expect(
                    "round \(round): the state that opener \(number) has saved last",
                    try await reader.load(entity("o", "opened-\(number)"), fence: token(round)),
                    is: [UInt8(round), number, 3])
                findings.expect(
                    "round \(round): the state of opener \(number) in the shard of all",
                    try await reader.load(entity("o-\(number)", "opened"), fence: token(round)),
                    is: [UInt8(round), number])
            }
        }
    }
}
