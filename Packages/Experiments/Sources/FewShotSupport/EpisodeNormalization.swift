import RunSupport

/// Whose statistics batch normalization uses for the query: a choice that every result names.
package enum NormalizationName: String, NamedSetting {
    /// The query's own: what a picture is taken for depends on its company (Finn et al. 2017).
    case transductive
    /// The support's, so that each query picture stands alone.
    case support
    /// Means over training episodes, the same for all later ones; in training those of an episode's support and query
    /// together, as in any network (Snell et al. 2017).
    case running
    /// Where the steps change convolutions: the support's own for the support, for the query means over training
    /// episodes at their last step; scale and shift of each step of its own, learned. In training the query's own
    /// (Antoniou et al. 2019).
    case perStep = "per-step"

    /// For every result.
    package var explanation: String {
        switch self {
        case .transductive:
            "transductive, batch statistics of each episode's support and query images, at test too"
        case .support: "by the support's batch statistics, in training too: each query image stands alone"
        case .running: "by running statistics of training episodes: each image stands alone"
        case .perStep:
            "per step: the support by its own, queries by running statistics of training episodes' last step, "
                + "scale and shift of each step learned: each query image stands alone"
        }
    }

    /// What an episode is normalized by in training.
    var inTraining: EpisodeNormalization {
        switch self {
        case .transductive, .perStep: .apart
        case .support: .bySupport
        case .running: .together
        }
    }

    /// The same where nothing is learned.
    var inTests: EpisodeNormalization {
        switch self {
        case .running: .given
        case .perStep: .queryGiven
        default: inTraining
        }
    }
}

/// What an episode's images are normalized by.
package enum EpisodeNormalization: Sendable {
    /// Support and query, each by its own statistics.
    case apart
    /// Both by the support's.
    case bySupport
    /// Both by those of all images of the episode.
    case together
    /// Both by those that stand in the episode's data.
    case given
    /// The support by its own, the query by those that stand in the episode's data.
    case queryGiven

    /// Whether it reads statistics of the episode's data.
    var readsGiven: Bool { self == .given || self == .queryGiven }
}
