//! Owns the list of all scenarios of this repository.

use std::sync::Arc;

use raceproof::Scenario;

/// Every scenario, family by family, in the order in which `raceproof list` shows them.
#[must_use]
pub fn all() -> Vec<Arc<dyn Scenario>> {
    let families = [
        crate::counter::all(),
        crate::inventory::all(),
        crate::cache::all(),
        crate::rate_limit::all(),
        crate::idempotency::all(),
        crate::token::all(),
        crate::unique_id::all(),
        crate::queue::all(),
        crate::saga::all(),
        crate::outbox::all(),
        crate::leaderboard::all(),
        crate::matching::all(),
        crate::session::all(),
        crate::bloom_filter::all(),
        crate::sql::all(),
        crate::isolation::all(),
        crate::lock::all(),
        crate::pool::all(),
    ];
    families.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use raceproof::{Card, Expectation, FaultModel, Isolation};

    use super::all;
    use crate::anomaly;

    /// The real bugs that variants are built from.
    const SOURCES: &[&str] = &[
        "Azuriom/Plugin-Shop#285",
        "BroadleafCommerce/BroadleafCommerce#2478",
        "BroadleafCommerce/BroadleafCommerce#909",
        "Kong/kong#8227",
        "OptimalBits/bull#370",
        "OptimalBits/bull#377",
        "Pinelab-studio/pinelab-vendure-plugins#433",
        "Poloniex, March 2014",
        "Shopify/identity_cache#154",
        "Suor/django-cacheops#302",
        "Tabcorp/redis-rate-limiter#1",
        "Twilio, July 2013",
        "Zehelein/pg-transactional-outbox#4",
        "aio-libs/aiocache#95",
        "akeneo/pim-community-dev#7998",
        "alisaifee/limits#14",
        "apache/gravitino#10740",
        "bensheldon/good_job#326",
        "boostcampwm2025/web01-BoostUs#386",
        "cameri/nostream#467",
        "celery/kombu#1444",
        "celery/kombu#337",
        "collectiveidea/delayed_job#586",
        "django-oscar/django-oscar#2102",
        "doorkeeper-gem/doorkeeper#712",
        "dstackai/dstack#2379",
        "express-rate-limit/rate-limit-redis#251",
        "goauthentik/authentik#23876",
        "idempot-dev/idempot-js#182",
        "jcagarcia/grape-idempotency#3",
        "kenn/redis-mutex#29",
        "kenn/redis-mutex#6",
        "laravel/horizon#1738",
        "lukas-krecan/ShedLock#2583",
        "majiayu000/litellm-rs#61",
        "mastodon/mastodon#15645",
        "miintto/redis-lock-py#3",
        "mozilla/send#1299",
        "oauthlib/oauthlib#618",
        "omegaup/omegaup#8962",
        "procrastinate-org/procrastinate#103",
        "que-rb/que#166",
        "rails/rails#14735",
        "raphaelm/django-hierarkey#22",
        "readthedocs/readthedocs.org#7727",
        "redis/redis-py#261",
        "redisson/redisson#4653",
        "redisson/redisson#775",
        "reown-com/push-server#235",
        "rq/rq#1605",
        "rq/rq#580",
        "rq/rq#742",
        "saleor/saleor#543",
        "spree/spree#10697",
        "superset-sh/superset#4296",
        "taskiq-python/taskiq-redis#107",
        "timescale/prometheus-postgresql-adapter#91",
        "vendurehq/vendure#4660",
        "vendurehq/vendure#4930",
        "winhowes/AuthTranslator#612",
        "xavierjohn/Trellis#644",
        "zaiyunduan123/springboot-seckill#35",
    ];

    fn cards() -> Vec<Card> {
        all().iter().map(|scenario| scenario.card()).collect()
    }

    #[test]
    fn names_are_unique() {
        let mut seen = BTreeSet::new();
        let twice: Vec<String> =
            cards().into_iter().map(|card| card.name).filter(|name| !seen.insert(name.clone())).collect();
        assert_eq!(twice, [""; 0]);
    }

    /// An anomaly that is spelt in two ways is two anomalies in a report.
    #[test]
    fn broken_variants_name_a_standard_anomaly() {
        for card in cards() {
            for expected in card.isolation.values().chain([&card.expected]) {
                if let Expectation::Violation { anomaly } = expected {
                    assert!(anomaly::ALL.contains(&anomaly.as_str()), "{}: `{anomaly}`", card.name);
                }
            }
        }
    }

    #[test]
    fn expectations_per_level_are_complete_and_begin_with_the_default_level() {
        for card in cards().iter().filter(|card| !card.isolation.is_empty()) {
            assert!(card.isolation.keys().eq(Isolation::ALL.iter()), "{}", card.name);
            assert_eq!(card.isolation[&Isolation::ReadCommitted], card.expected, "{}", card.name);
        }
    }

    /// What a card says beside its models must be the worst that they say.
    #[test]
    fn violation_is_expected_if_and_only_if_some_model_has_one() {
        for card in cards().iter().filter(|card| !card.models.is_empty()) {
            let breaks = card.models.values().any(Expectation::is_violation);
            assert_eq!(card.expected.is_violation(), breaks, "{}", card.name);
            assert!(card.isolation.is_empty(), "{} has levels and models", card.name);
            assert!(
                card.models.contains_key(&FaultModel::none()),
                "{} says nothing without faults",
                card.name
            );
        }
    }

    /// A source is the address of a report, so it is one of those that were read, and each is used.
    #[test]
    fn sources_are_known_and_used() {
        let used: BTreeSet<String> = cards().into_iter().filter_map(|card| card.source).collect();
        let known: BTreeSet<String> = SOURCES.iter().map(ToString::to_string).collect();
        assert_eq!(used, known);
    }

    #[test]
    fn abouts_are_two_sentences() {
        for card in cards() {
            let sentences = card.about.matches(". ").count() + 1;
            assert!(card.about.ends_with('.') && sentences == 2, "{}: {}", card.name, card.about);
        }
    }
}
