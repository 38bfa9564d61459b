import RunSupport

/// What the upper level of label cleaning chooses; the lower level trains a network under it.
package enum UpperVariable: String, NamedSetting {
    /// How labels go wrong by class, T; the network learns true classes, p(given) = Σ_k p(k) T[k, given] (forward
    /// correction, Patrini et al. 2017). T is the upper level's minimiser at y in closed form: expectation
    /// maximization.
    case transition
    /// One weight a sample, w_i = σ(x_i) (Franceschi et al. 2017), moved by hypergradients on trusted batches.
    case weights
    /// One weight function, w_i = V(ℓ_i, class_i; θ) (Meta-Weight-Net, Shu et al. 2019; by class as in CMW-Net, Shu et
    /// al. 2023); θ moved by hypergradients.
    case weightFunction = "weight-function"
    /// Soft labels: σ(x_i) of the given label and the rest of what networks said of the sample before (meta label
    /// correction, Zheng et al. 2021, with one mixing weight a sample); x moved by hypergradients.
    case labels
    /// Weights that are not kept: w_i = max(0, -∂F/∂w_i) after one step of looking ahead, over their sum in the batch
    /// (Ren et al. 2018).
    case lookAhead = "look-ahead"
    /// None: the network is trained on the labels as they are.
    case none

    /// Whether trusted samples are set apart to measure F on.
    var measuresF: Bool { self != .transition && self != .none }
    /// Whether it moves along a hypergradient; looking ahead is one step by its definition.
    package var takesHypergradients: Bool { measuresF && self != .lookAhead }
    /// Whether there is an x_i for each sample.
    var isBySample: Bool { self == .weights || self == .labels }
    /// How far x_i moves where its derivative is the root mean square of the batch's; of a weight function, Adam's step
    /// size.
    package var standardRate: Double { self == .weightFunction ? 0.0003 : self == .labels ? 0.03 : 0.1 }
}
