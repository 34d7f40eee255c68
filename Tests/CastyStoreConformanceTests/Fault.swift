/// What a store does wrong.
enum Fault: String, Sendable, CaseIterable {
    case none

    // Tokens.
    case ignoresTokens
    case ignoresCoordinators
    case savesForFormerOwners
    case deletesForFormerOwners
    case doesNotWriteTokensOfReads
    case eachOpenerHasItsOwnTokens
    case checksTokensBeforeItWaits
    case separatesClusters

    // Keys.
    case ignoresTypes
    case cutsIDsAtZero
    case separatesNumbersOfShards

    // Values.
    case forgetsDeletes
    case losesWhatComesAtOnce
    case forgetsTimes

    // Events.
    case losesTheSecondOfABatch
    case appendsAfterAnyEvent
    case forgetsVersions
    case ignoresLimits
    case forgetsDeletesOfEvents
    case ignoresTags
    case skipsAnEventAfterAnOffset

    // Openers.
    case isAnotherStoreForTheSecondOpener
    case isAnotherStoreForTheFifthOpener

    // Crashes.
    case acknowledgesBeforeItWrites
    case writesBatchesInParts
    case neverCrashes

    /// Whether the faulty store compares tokens itself, in place of the store behind it.
    var comparesTokens: Bool {
        switch self {
        case .ignoresTokens, .ignoresCoordinators, .savesForFormerOwners, .deletesForFormerOwners,
            .doesNotWriteTokensOfReads, .eachOpenerHasItsOwnTokens, .checksTokensBeforeItWaits:
            true
        default: false
        }
    }
}
