#!/usr/bin/env bash
# A baseline (see profile.sh): ApplicationStart. Copies the jar over whatever is there and starts the newest one.

here=$(dirname $(readlink -f $0))
source $here/profile.sh

cp $BASELINE_APP/zip/*.jar $BASELINE_APP/

jar=$(ls -tr $BASELINE_APP/*.jar | tail -n 1)
chmod +x $jar

profile=$(idle_profile)
echo "> $jar with the profile $profile"

cd $BASELINE_APP
nohup $BASELINE_JAVA -jar \
    -Dspring.config.location=classpath:/application.properties,classpath:/application-$profile.properties,$BASELINE_PROPERTIES/application-oauth.properties,$BASELINE_PROPERTIES/application-real-db.properties \
    -Dspring.profiles.active=$profile \
    $jar > $BASELINE_APP/nohup.out 2>&1 &
